#include "planning/training_state.h"

#include <cmath>

#include "core/json.h"

namespace dragoman {
namespace {

nlohmann::ordered_json snapshots_json(const std::vector<Snapshot>& snapshots) {
  auto list = nlohmann::ordered_json::array();
  for (const Snapshot& s : snapshots) list.push_back({{"update", s.update}, {"score", s.score}});
  return list;
}

nlohmann::ordered_json model_json(const std::optional<KeptModel>& model) {
  if (!model) return nullptr;
  nlohmann::ordered_json json = {{"update", model->update},
                                 {"averaged", model->averaged},
                                 {"score", nullptr},
                                 {"checksum", model->checksum}};
  if (model->score) json["score"] = *model->score;
  return json;
}

// Reads the members of one object.
class Reader {
 public:
  Reader(const nlohmann::json& object, const std::string& where) : object_(object), where_(where) {
    if (!object.is_object()) fail("an object", object);
  }

  const nlohmann::json& at(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) throw ModelError(where_ + ": " + key, "expected this key, got none");
    return *found;
  }
  int64_t count(const char* key) const {
    const nlohmann::json& value = at(key);
    if (!value.is_number_unsigned() || value.get<uint64_t>() > uint64_t{1} << 62) fail(key, value);
    return value.get<int64_t>();
  }
  double number(const char* key) const {
    const nlohmann::json& value = at(key);
    if (!value.is_number() || !std::isfinite(value.get<double>())) fail(key, value);
    return value.get<double>();
  }
  bool flag(const char* key) const {
    if (!at(key).is_boolean()) fail(key, at(key));
    return at(key).get<bool>();
  }
  std::string text(const char* key) const {
    if (!at(key).is_string()) fail(key, at(key));
    return at(key).get<std::string>();
  }

  bool has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }

  [[noreturn]] void fail(const std::string& what, const nlohmann::json& got) const {
    throw ModelError(where_,
                     "expected the state of a run (" + what + "), got " +
                         got.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 80));
  }

 private:
  const nlohmann::json& object_;
  const std::string& where_;
};

// Keys that older versions did not write.
void read_newer_keys(const Reader& reader, const std::string& where, TrainingState& s) {
  if (reader.has("valid_text")) s.valid_text = reader.text("valid_text");
  if (reader.has("from_model")) s.from_model = reader.text("from_model");
  s.finished = reader.has("finished") ? std::optional(reader.flag("finished")) : std::nullopt;
  if (reader.has("model")) {
    const Reader model(reader.at("model"), where);
    s.model = {model.count("update"), model.count("averaged"), std::nullopt, model.text("checksum")};
    if (model.has("score")) s.model->score = model.number("score");
  } else if (s.has_best && !s.finished) {
    s.model = {s.best_update, 0, s.best_score, ""};
  }
}

}  // namespace

std::string training_state_text(const TrainingState& s) {
  return json_text({{"update", s.update},
                    {"steps", s.steps},
                    {"epoch", s.position.epoch},
                    {"batch", s.position.batch},
                    {"target_tokens", s.target_tokens},
                    {"seconds", s.seconds},
                    {"loss_scale", s.loss_scale},
                    {"scale_age", s.scale_age},
                    {"has_best", s.has_best},
                    {"best_score", s.best_score},
                    {"best_update", s.best_update},
                    {"last_validation", s.last_validation},
                    {"validations_without_gain", s.validations_without_gain},
                    {"snapshots", snapshots_json(s.snapshots)},
                    {"corpus", s.corpus},
                    {"valid_text", s.valid_text},
                    {"from_model", s.from_model},
                    {"model", model_json(s.model)},
                    {"finished", s.finished.value_or(false)}});
}

TrainingState parse_training_state(std::string_view text, const std::string& where) {
  const nlohmann::json json = parse_json(text, where, ErrorKind::kModel);
  const Reader reader(json, where);
  TrainingState s;
  s.update = reader.count("update");
  s.steps = reader.count("steps");
  s.position = {reader.count("epoch"), reader.count("batch")};
  s.target_tokens = reader.count("target_tokens");
  s.seconds = reader.number("seconds");
  s.loss_scale = reader.number("loss_scale");
  s.scale_age = reader.count("scale_age");
  s.has_best = reader.flag("has_best");
  s.best_score = reader.number("best_score");
  s.best_update = reader.count("best_update");
  s.last_validation = reader.count("last_validation");
  s.validations_without_gain = reader.count("validations_without_gain");
  const nlohmann::json& snapshots = reader.at("snapshots");
  if (!snapshots.is_array()) reader.fail("snapshots", snapshots);
  for (const auto& one : snapshots) {
    const Reader snapshot(one, where);
    s.snapshots.push_back({snapshot.count("update"), snapshot.number("score")});
  }
  s.corpus = reader.text("corpus");
  read_newer_keys(reader, where, s);
  return s;
}

}  // namespace dragoman
