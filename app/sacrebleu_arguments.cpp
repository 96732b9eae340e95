#include "app/sacrebleu_arguments.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "core/files.h"
#include "evaluation/metrics.h"

namespace dragoman {
namespace {

// sacreBLEU's short forms have one dash and several letters.
const std::map<std::string, std::string> kLongForms = {
    {"-i", "--input"},       {"-f", "--output-format"},  {"-l", "--language-pair"},
    {"-w", "--width"},       {"-s", "--smooth-method"},  {"-q", "--quiet"},
    {"-lc", "--lowercase"},  {"-tok", "--tokenize"},     {"-sl", "--sentence-level"},
    {"-nr", "--num-refs"},   {"-sv", "--smooth-value"},  {"-cc", "--chrf-char-order"},
    {"-ci", "--confidence"}, {"-cin", "--confidence-n"}, {"-cw", "--chrf-word-order"},
    {"-par", "--paired-ar"}, {"-parn", "--paired-ar-n"}, {"-pbs", "--paired-bs"},
    {"-sh", "--short"},      {"-pbsn", "--paired-bs-n"}, {"-nc", "--no-color"},
};

const char kTestSets[] = "files of references (test sets are not downloaded)";

// What sacreBLEU has and evaluate has not, and what there is instead.
const std::map<std::string, std::string> kRefused = {
    {"-t", kTestSets},
    {"--test-set", kTestSets},
    {"--list", kTestSets},
    {"--download", kTestSets},
    {"--echo", kTestSets},
    {"--citation", kTestSets},
    {"--cite", kTestSets},
    {"-ol", kTestSets},
    {"--origlang", kTestSets},
    {"--subset", kTestSets},
    {"-d", kTestSets},
    {"--detail", kTestSets},
    {"-e", "UTF-8 text, which needs no flag"},
    {"--encoding", "UTF-8 text, which needs no flag"},
    {"-j", "no number of jobs: a paired test takes seconds"},
    {"--paired-jobs", "no number of jobs: a paired test takes seconds"},
    {"--n-best", "one translation a line, the best: evaluate scores no other"},
    {"--max-batch-lines", "--max-tokens for the size of a batch: evaluate reads all lines at once"},
};

bool is_number(const std::string& word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string in_lower_case(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  return word;
}

bool is_flag(const std::string& word) {
  return word.size() > 1 && word[0] == '-';
}

class Reader {
 public:
  Reader(const Arguments& arguments, const OptionList& options) : words_(arguments), options_(options) {}

  Arguments read() {
    while (at_ < words_.size()) take_one();
    return result_;
  }

 private:
  void take_one() {
    std::string word = words_[at_++];
    if (word == "--") return take_rest();
    if (!is_flag(word)) return give("--reference", word);
    if (word == "-bw") result_.push_back("--score-only"), word = "-w";
    const std::string name = word.substr(0, word.find('='));
    if (const auto refused = kRefused.find(name); refused != kRefused.end())
      throw UsageError(name, "expected " + refused->second + ", got '" + name + "'");
    if (word == "-b" && (at_ == words_.size() || !is_number(words_[at_])))
      return result_.push_back("--score-only");
    if (word == "-m" && at_ < words_.size()) {
      if (is_metric(words_[at_])) return take_metrics();
      refuse_unless_model(words_[at_]);
    }
    if (word == "--metrics") return take_metrics();
    if (name == "--metrics") return result_.push_back(in_lower_case(word));
    const auto known = kLongForms.find(word);
    const std::string flag = known != kLongForms.end() ? known->second : detached(word);
    if (flag == "--input") return take_all("--hypothesis");
    result_.push_back(flag);
    if (takes_value(flag) && at_ < words_.size()) result_.push_back(words_[at_++]);
  }

  // "-w2" and "-fjson": the letter's flag; the value becomes the next word.
  std::string detached(const std::string& word) {
    const auto known = kLongForms.find(word.substr(0, 2));
    if (word.size() < 3 || word[1] == '-' || (word[1] != 'w' && word[1] != 'f')) return word;
    words_.insert(words_.begin() + at_, word.substr(2));
    return known->second;
  }

  // -i takes every word up to the next flag.
  void take_all(const std::string& flag) {
    if (at_ == words_.size()) return result_.push_back(flag);
    do give(flag, words_[at_++]);
    while (at_ < words_.size() && !is_flag(words_[at_]));
  }

  void take_metrics() {
    if (at_ == words_.size()) return result_.push_back("--metrics");
    do give("--metrics", in_lower_case(words_[at_++]));
    while (at_ < words_.size() && is_metric(words_[at_]));
  }

  // After "--" no word is a flag.
  void take_rest() {
    while (at_ < words_.size()) give("--reference", words_[at_++]);
  }

  // -m is --model here and --metrics in sacreBLEU. A model that is not there would be reported much later.
  void refuse_unless_model(const std::string& word) const {
    const bool translates = std::any_of(words_.begin(), words_.end(), [](const std::string& each) {
      return each.substr(0, each.find('=')) == "--source";
    });
    if (translates || file_exists(word)) return;
    if (in_lower_case(word) == "wer") refuse_word_error_rate();
    std::string names;
    for (const auto& name : metric_names()) names += (names.empty() ? "" : ", ") + name;
    throw UsageError("-m",
                     "expected one of " + names + ", or a model folder with --source, got '" + word + "'");
  }

  void give(const std::string& flag, const std::string& value) {
    result_.push_back(flag);
    result_.push_back(value);
  }

  // "bleu", "bleu,chrf". A folder of that name is a model.
  bool is_metric(const std::string& word) const {
    const auto& names = metric_names();
    return std::count(names.begin(), names.end(), in_lower_case(word.substr(0, word.find(',')))) > 0 &&
           !is_folder(word);
  }

  const std::vector<std::string>& metric_names() const {
    return std::find_if(options_.begin(), options_.end(),
                        [](const Option& each) { return each.name == "metrics"; })
        ->choices;
  }

  // Whether the next word is the value of this flag, in any of its spellings. (--flag=x is one word.)
  // The word after a long flag that is not known here is left to it: it may be another program's name.
  bool takes_value(const std::string& flag) const {
    for (const auto& option : options_) {
      const bool is_it = flag == "--" + option.name ||
                         (option.letter != 0 && flag == std::string("-") + option.letter) ||
                         std::any_of(option.aliases.begin(), option.aliases.end(),
                                     [&](const std::string& alias) { return flag == "--" + alias; });
      if (is_it) return option.takes_value();
    }
    return flag.rfind("--", 0) == 0 && flag.find('=') == std::string::npos && at_ < words_.size() &&
           !is_flag(words_[at_]);
  }

  Arguments words_;
  const OptionList& options_;
  size_t at_ = 0;
  Arguments result_;
};

}  // namespace

Arguments from_sacrebleu(const Arguments& arguments, const OptionList& options) {
  return Reader(arguments, options).read();
}

}  // namespace dragoman
