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
