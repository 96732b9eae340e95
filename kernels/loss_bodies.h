// The loss of training. Included by kernels/bodies.h alone, inside the unnamed namespace of a variant.

// Of a row of logits; with `keep` each is replaced by its exponential, of what it is below the largest.
struct RowSums {
  float sum, exp_sum, log_sum;  // log_sum: log of the sum of e^logit
};
RowSums sums_of_row(float* logits, int64_t classes, bool keep) {
  Vec most = all(-kInfinity), total = all(0.0f), exp_total = all(0.0f);
  float largest = -kInfinity, sum = 0, exp_sum = 0;
  int64_t i = 0;
  for (; i + kWidth <= classes; i += kWidth) {
    const Vec x = load(logits + i);
    most = larger(most, x);
    total += x;
  }
  for (; i < classes; ++i) {
    largest = logits[i] > largest ? logits[i] : largest;
    sum += logits[i];
  }
  const float of_vectors = largest_of(most);
  largest = of_vectors > largest ? of_vectors : largest;
  sum += sum_of(total);
  for (i = 0; i + kWidth <= classes; i += kWidth) {
    const Vec e = exp_of(load(logits + i) - largest);
    exp_total += e;
    if (keep) store(logits + i, e);
  }
  for (; i < classes; ++i) {
    const float e = exp_of(all(logits[i] - largest))[0];
    exp_sum += e;
    if (keep) logits[i] = e;
  }
  exp_sum += sum_of(exp_total);
  return {sum, exp_sum, largest + __builtin_logf(exp_sum)};
}

RowLoss loss_of_row(const RowSums& row, int64_t classes, float of_label, float epsilon) {
  const float cross_entropy = row.log_sum - of_label;
  const float uniform = row.log_sum - row.sum / static_cast<float>(classes);
  return {(1 - epsilon) * cross_entropy + epsilon * uniform, cross_entropy};
}

RowLoss cross_entropy(float* logits, int64_t classes, int64_t label, float epsilon, float scale) {
  const float of_label = logits[label];
  const RowSums row = sums_of_row(logits, classes, scale != 0);
  if (scale != 0) {
    // softmax_k - epsilon/K - (1-epsilon) [k = label]
    const float factor = scale / row.exp_sum, share = scale * epsilon / static_cast<float>(classes);
    int64_t i = 0;
    for (; i + kWidth <= classes; i += kWidth) store(logits + i, load(logits + i) * factor - share);
    for (; i < classes; ++i) logits[i] = logits[i] * factor - share;
    logits[label] -= scale * (1 - epsilon);
  }
  return loss_of_row(row, classes, of_label, epsilon);
}

// What two rows say of one class: log P - log Q, P and Q.
struct Pair {
  Vec apart, p, q;
};
inline Pair pair_of(Vec first, Vec second, float first_log_sum, float second_log_sum) {
  const Vec log_p = first - first_log_sum, log_q = second - second_log_sum;
  return {log_p - log_q, exp_of(log_p), exp_of(log_q)};
}

// Calls use(i, first, second, count) for the classes i .. i+count-1 of two rows, kWidth of them but for the
// last, which have classes of no probability behind them.
template <typename Use>
inline void for_each_pair(const float* first, const float* second, int64_t classes, Use use) {
  int64_t i = 0;
  for (; i + kWidth <= classes; i += kWidth) use(i, load(first + i), load(second + i), kWidth);
  if (i == classes) return;
  Vec a = all(-1e30f), b = all(-1e30f);
  for (int64_t j = i; j < classes; ++j) a[j - i] = first[j], b[j - i] = second[j];
  use(i, a, b, classes - i);
}

RowLoss paired_cross_entropy(float* first, float* second, int64_t classes, int64_t label, float epsilon,
                             float alpha, float scale) {
  const RowSums of_first = sums_of_row(first, classes, false),
                of_second = sums_of_row(second, classes, false);
  Vec first_total = all(0.0f), second_total = all(0.0f);
  for_each_pair(first, second, classes, [&](int64_t, Vec a, Vec b, int64_t) {
    const Pair k = pair_of(a, b, of_first.log_sum, of_second.log_sum);
    first_total += k.p * k.apart;
    second_total -= k.q * k.apart;
  });
  const float first_divergence = sum_of(first_total), second_divergence = sum_of(second_total);
  const RowLoss one = loss_of_row(of_first, classes, first[label], epsilon),
                other = loss_of_row(of_second, classes, second[label], epsilon);
  if (scale != 0) {
    // Of P's row: half of (P_k - epsilon/K - (1-epsilon) [k = label]), and alpha/4 times
    // P_k (log P_k - log Q_k - KL(P||Q)) + P_k - Q_k; of Q's row the same the other way round.
    const float half = scale / 2, quarter = scale * alpha / 4, share = epsilon / static_cast<float>(classes);
    for_each_pair(first, second, classes, [&](int64_t i, Vec a, Vec b, int64_t count) {
      const Pair k = pair_of(a, b, of_first.log_sum, of_second.log_sum);
      const Vec change = k.p - k.q;
      const Vec of_p = (k.p - share) * half + (k.p * (k.apart - first_divergence) + change) * quarter;
      const Vec of_q = (k.q - share) * half - (k.q * (k.apart + second_divergence) + change) * quarter;
      if (count == kWidth) {
        store(first + i, of_p);
        store(second + i, of_q);
      }
      for (int64_t j = 0; count < kWidth && j < count; ++j) first[i + j] = of_p[j], second[i + j] = of_q[j];
    });
    first[label] -= half * (1 - epsilon);
    second[label] -= half * (1 - epsilon);
  }
  return {(one.smoothed + other.smoothed) / 2 + alpha / 4 * (first_divergence + second_divergence),
          (one.cross_entropy + other.cross_entropy) / 2};
}
