#!/usr/bin/env python3
"""The parts of benchmarks/training that read logs, choose batches and draw; no speed decides a test."""

import gzip
import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "benchmarks" / "training"))
import batches  # noqa: E402
import corpus  # noqa: E402
import measure  # noqa: E402
import programs  # noqa: E402
import report  # noqa: E402
import shapes  # noqa: E402

START = importlib.machinery.SourceFileLoader("start", str(pathlib.Path(corpus.__file__).with_name("start")))
start = importlib.util.module_from_spec(importlib.util.spec_from_loader("start", START))
START.exec_module(start)


def train_line(update, seconds, speed):
    return {"kind": "train", "update": update, "seconds": seconds, "target_tokens_per_second": speed}


class Logs(unittest.TestCase):
    def test_dragomans_tokens_are_its_speed_times_the_seconds_since_the_line_before(self):
        lines = [train_line(1, 2.0, 100), train_line(2, 3.0, 300), {"kind": "stopped", "update": 2}]
        self.assertEqual(programs.dragoman_updates(lines), [(2.0, 200), (3.0, 300)])

    def test_dragomans_validations_do_not_count_as_training(self):
        lines = [train_line(1, 2.0, 1), {"kind": "valid", "update": 1, "perplexity": 1.0, "seconds": 10.0},
                 train_line(2, 14.0, 1), {"kind": "valid", "update": 2, "perplexity": 1.0, "seconds": 10.0}]
        self.assertEqual(programs.dragoman_validations(lines), [(2.0, 0.0, 1), (4.0, 0.0, 2)])

    def test_marians_seconds_are_added_up_and_its_labels_have_commas(self):
        lines = ["[2026-01-01 00:00:00] [data] Loading",
                 "Ep. 1 : Up. 1 : Sen. 64 : Cost 9.10284424 * 1,805 @ 1,805 after 1,805 : Time 0.71s : 2542.25 words/s",
                 "Ep. 1 : Up. 2 : Sen. 99 : Cost 8.99 * 95 @ 95 after 1,900 : Time 0.25s : 380.00 words/s : gNorm 1.2"]
        self.assertEqual(programs.marian_updates(lines), [(0.71, 1805), (0.96, 95)])

    def test_a_line_that_is_still_being_written_is_not_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "log"
            path.write_text('{"a": 1}\n{"a"')
            self.assertEqual(programs.json_lines(path), [{"a": 1}])
            self.assertEqual(programs.json_lines(path.with_name("none")), [])


class Start(unittest.TestCase):
    def test_phases_go_forward_as_the_terminal_shows_them(self):
        begin = "reading the training text: 16,384 pairs  0:01\r"
        self.assertEqual(start.phase_of("device CPU\r\n", "loading"), "loading")
        self.assertEqual(start.phase_of(begin, "loading"), "reading and checking the text")
        self.assertEqual(start.phase_of(begin + "training the target tokenizer  0:02", "loading"),
                         "training the tokenizer")
        self.assertEqual(start.phase_of(begin, "encoding"), "encoding")
        self.assertEqual(start.phase_of("batches: 12 per epoch", "encoding"), "planning, first update")

    def test_the_program_shows_these_phases(self):
        source = "".join((ROOT / "training" / name).read_text(encoding="utf-8") for name in ("run_text.cpp", "epoch_size.cpp"))
        for pattern in filter(None, start.PHASES.values()):
            self.assertRegex(source.replace('training the " + name', "training the tokenizer"), pattern)

    def test_a_phase_lasts_from_the_mark_before_it(self):
        rows = start.differences([("loading", 1.5, 1.0, 100), ("encoding", 4.0, 6.0, 90)])
        self.assertEqual([(row["seconds"], row["cpu_seconds"], row["peak_mib"]) for row in rows],
                         [(1.5, 1.0, 100), (2.5, 5.0, 90)])

    def test_the_first_update_is_found_in_the_progress_line(self):
        self.assertTrue(start.FIRST_UPDATE.search("epoch 1  update 1  loss 9.505"))
        self.assertFalse(start.FIRST_UPDATE.search("epoch 1  update 10  loss 9.505"))


class Windows(unittest.TestCase):
    updates = [(1.0, 10), (2.0, 10), (3.0, 10), (4.0, 20), (6.0, 30), (7.0, 40)]

    def test_a_window_is_of_whole_updates_after_the_warm_up(self):
        self.assertEqual(measure.window(self.updates, 0, 2.5), (50, 3.0, 2))  # three updates warm up at least
        self.assertEqual(measure.window(self.updates, 3.5, 3), (70, 3.0, 2))

    def test_there_is_no_window_before_its_seconds_have_passed(self):
        self.assertEqual(measure.window(self.updates, 0, 1, 2), (50, 3.0, 2))
        self.assertIsNone(measure.window(self.updates, 0, 1, 9))
        self.assertIsNone(measure.window(self.updates, 0, 4.5))
        self.assertIsNone(measure.window(self.updates, 8, 1))

    def test_the_way_to_a_loss_is_straight_between_two_validations(self):
        points = [(10.0, 5.0, 100), (20.0, 4.0, 200), (30.0, 3.0, 300)]
        self.assertEqual(measure.seconds_to_loss(points, 3.5), (25.0, 250))
        self.assertEqual(measure.seconds_to_loss(points, 5.5), (10.0, 100))
        self.assertIsNone(measure.seconds_to_loss(points, 2.9))


class Batches(unittest.TestCase):
    lengths = [(1 + i * 7 % 40, 1 + i * 11 % 30) for i in range(500)]

    def test_every_pair_is_in_one_batch_and_no_batch_passes_the_budget(self):
        plan = batches.plan_epoch(self.lengths, 200, seed=1)
        self.assertEqual(sorted(pair for batch in plan for pair in batch), list(range(500)))
        for batch in plan:
            self.assertLessEqual(len(batch) * max(max(self.lengths[pair]) for pair in batch), 200)

    def test_a_pair_beyond_the_budget_is_a_batch_of_its_own(self):
        self.assertEqual(batches.plan_sorted([(3, 9), (2, 2), (9, 3)], 4), [[1], [2], [0]])

    def test_seeds_give_orders_and_a_seed_gives_one(self):
        plans = [batches.plan_epoch(self.lengths, 200, seed) for seed in ("1 0", "1 1", "1 0")]
        self.assertNotEqual(plans[0], plans[1])
        self.assertEqual(plans[0], plans[2])


class Corpora(unittest.TestCase):
    def test_pairs_that_dragoman_leaves_out_are_left_out(self):
        long, short = " ".join(["7"] * 255), "7 8"
        with tempfile.TemporaryDirectory() as folder:
            prefix = pathlib.Path(folder) / "train"
            source = [short, "", long, long + " 7", " ".join(["7"] * 90)]
            target = [short, "7", long, long, short]
            self.assertEqual(corpus.write_pairs(prefix, source, target), [(3, 3), (256, 256)])
            self.assertEqual(prefix.with_suffix(".src").read_text(), f"{short}\n{long}\n")

    def test_generated_targets_are_their_sources_backwards(self):
        with tempfile.TemporaryDirectory() as folder:
            lines = [gzip.open(path, "rt").read().splitlines()
                     for path in corpus.generate(folder, 50, words=100, mean_length=8)]
        self.assertEqual(len(lines[0]), 50)
        self.assertEqual([line.split() for line in lines[0]], [line.split()[::-1] for line in lines[1]])
        self.assertTrue(all(4 <= len(line.split()) <= 12 for line in lines[0]))


class Operations(unittest.TestCase):
    def test_with_one_token_a_side_they_are_those_of_the_weights_and_of_six_dot_products(self):
        shape = shapes.Shape("x", d_model=4, layers=3, ffn_dim=10, heads=2)
        attention, feed_forward = 4 * 4 * 4, 2 * 4 * 10
        weights = 3 * (attention + feed_forward) + 3 * (2 * attention + feed_forward) + 4 * 100
        dot_products = 3 * 3 * 2 * 4  # three attentions a layer; query by key, weight by value
        self.assertEqual(shapes.multiplications(shape, 100, 1, 1), weights + dot_products)
        self.assertEqual(shapes.operations_per_target_token(shape, 100, [(1, 1)] * 2), 6 * (weights + dot_products))


class Reports(unittest.TestCase):
    def test_a_chart_is_xml_and_its_points_lie_inside(self):
        drawing = xml.etree.ElementTree.fromstring(
            report.line_chart("a < b", "x", "y", {"1": [(10, 3.0), (1000, 9.5)], "2": [(10, 0.0)]}))
        circles = drawing.findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(circles), 3)
        for circle in circles:
            self.assertTrue(report.LEFT <= float(circle.get("cx")) <= report.WIDTH - report.RIGHT)
            self.assertTrue(report.TOP <= float(circle.get("cy")) <= report.HEIGHT - report.BOTTOM)

    def test_steps_are_round_and_reach_the_top(self):
        self.assertEqual(report.round_steps(9.5), [0, 2, 4, 6, 8, 10])
        self.assertEqual(report.round_steps(500), [0, 100, 200, 300, 400, 500])

    def test_columns_of_a_table_are_as_wide_as_their_widest_cell(self):
        self.assertEqual(report.table(["a", "bcd"], [["12", 3]]), "| a  | bcd |\n|----|-----|\n| 12 | 3   |")


if __name__ == "__main__":
    unittest.main()
