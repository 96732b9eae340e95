#include "exchange/object_stream.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/little_endian.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

using Kind = StreamValue::Kind;
using Values = std::vector<StreamValue>;

// A model of 1,000 tensors takes 0.25 MB. Each byte may cost a few dozen bytes of memory.
constexpr size_t kMaxStreamBytes = size_t{4} << 20;
constexpr size_t kMaxArguments = 8, kMaxDimensions = 8;

enum Callable : int64_t { kOrderedDictionary, kRebuildTensor, kRebuildTensorV2, kParameter, kFirstStorage };

struct KnownName {
  std::string_view module, name;
  int64_t callable;
};
constexpr int64_t storage_of(DataType type) {
  return kFirstStorage + static_cast<int64_t>(type);
}
constexpr std::array<KnownName, 13> kKnownNames = {
    {{"collections", "OrderedDict", kOrderedDictionary},
     {"torch._utils", "_rebuild_tensor", kRebuildTensor},
     {"torch._utils", "_rebuild_tensor_v2", kRebuildTensorV2},
     {"torch._utils", "_rebuild_parameter", kParameter},
     {"torch", "DoubleStorage", storage_of(DataType::kFloat64)},
     {"torch", "FloatStorage", storage_of(DataType::kFloat32)},
     {"torch", "HalfStorage", storage_of(DataType::kFloat16)},
     {"torch", "BFloat16Storage", storage_of(DataType::kBFloat16)},
     {"torch", "LongStorage", storage_of(DataType::kInt64)},
     {"torch", "IntStorage", storage_of(DataType::kInt32)},
     {"torch", "CharStorage", storage_of(DataType::kInt8)},
     {"torch", "ByteStorage", storage_of(DataType::kUInt8)},
     {"torch", "BoolStorage", storage_of(DataType::kBool)}}};

class StreamReader {
 public:
  StreamReader(std::string_view bytes, const std::string& where, StreamObjects& objects)
      : bytes_(bytes), where_(where), objects_(objects) {}

  StreamValue read() {
    while (true) {
      const auto instruction = static_cast<unsigned char>(take(1)[0]);
      if (instruction == '.') break;
      if (!reads_constant(instruction) && !builds(instruction) && !memoizes(instruction))
        refuse("the instruction " + std::to_string(instruction));
    }
    if (stack_.size() != 1 || !marks_.empty()) refuse("a stream that leaves more or less than one object");
    return stack_.back();
  }
  size_t position() const { return at_; }

 private:
  [[noreturn]] void refuse(const std::string& got) const {
    throw ModelError(where_, "expected tensors and their containers, got " + got + " at byte " +
                                 std::to_string(at_) + " (no code of it was run)");
  }

  std::string_view take(size_t count) {
    if (count > bytes_.size() - at_) refuse("the end of the stream");
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  uint64_t number(size_t width) { return little_endian(take(width)); }
  std::string_view line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) refuse("a name without an end");
    const std::string_view text = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  void push(Kind kind, int64_t value = 0, std::string_view text = {}) {
    stack_.push_back({kind, value, text});
  }
  StreamValue pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("an instruction without its operand");
    const StreamValue value = stack_.back();
    stack_.pop_back();
    return value;
  }
  // Pops the values that were pushed since the last mark.
  Values pop_marked() {
    if (marks_.empty()) refuse("an instruction without its mark");
    const auto begin = stack_.begin() + marks_.back();
    Values values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return values;
  }
  Values pop_last(size_t count) {
    Values values(count);
    for (size_t i = count; i-- > 0;) values[i] = pop();
    return values;
  }
  // The values of this container, which must be of this kind.
  Values& items(const StreamValue& value, Kind kind, const char* what) {
    if (value.kind != kind) refuse(std::string("something else for ") + what);
    return objects_.items[value.number];
  }
  void push_container(Kind kind, Values values) {
    push(kind, objects_.items.size());
    objects_.items.push_back(std::move(values));
  }
  int64_t integer(const StreamValue& value, const char* what) const {
    if (value.kind != Kind::kInteger) refuse(std::string("something else for ") + what);
    return value.number;
  }

  // Little-endian two's complement of any width, of which 64 bits are supported.
  int64_t long_integer(size_t width) {
    if (width > 8) refuse("an integer of " + std::to_string(width) + " bytes");
    const uint64_t value = number(width);
    if (width == 0 || width == 8) return value;
    const uint64_t sign = uint64_t{1} << (8 * width - 1);
    return (value ^ sign) - sign;  // sign extension
  }

  void push_text(size_t length) {
    const std::string_view text = take(length);
    if (!is_valid_utf8(text)) refuse("a string that is not UTF-8");
    push(Kind::kText, 0, text);
  }

  bool reads_constant(unsigned char instruction) {
    switch (instruction) {
      case 0x80:  // PROTO
        if (number(1) > 5) refuse("a protocol above 5");
        return true;
      case 0x95:  // FRAME: the size of the next block, which this reader does not need
        take(8);
        return true;
      case 'N':
        return push(Kind::kNone), true;
      case 0x88:
      case 0x89:
        return push(Kind::kTruth, instruction == 0x88 ? 1 : 0), true;
      case 'J':
        return push(Kind::kInteger, static_cast<int32_t>(number(4))), true;
      case 'K':
        return push(Kind::kInteger, number(1)), true;
      case 'M':
        return push(Kind::kInteger, number(2)), true;
      case 0x8a:
        return push(Kind::kInteger, long_integer(number(1))), true;
      case 'G':
        return take(8), push(Kind::kNumber), true;
      case 'X':
      case 'T':
        return push_text(number(4)), true;
      case 0x8c:
      case 'U':
        return push_text(number(1)), true;
      default:
        return false;
    }
  }

  bool builds(unsigned char instruction) {
    switch (instruction) {
      case '(':
        return marks_.push_back(stack_.size()), true;
      case '}':
        return push_container(Kind::kDictionary, {}), true;
      case ']':
        return push_container(Kind::kList, {}), true;
      case ')':
        return push_container(Kind::kTuple, {}), true;
      case 't':
        return push_container(Kind::kTuple, pop_marked()), true;
      case 0x85:
      case 0x86:
      case 0x87:
        return push_container(Kind::kTuple, pop_last(instruction - 0x84u)), true;
      case 'a':
        return add(Kind::kList, pop_last(1)), true;
      case 'e':
        return add(Kind::kList, pop_marked()), true;
      case 's':
        return add(Kind::kDictionary, pop_last(2)), true;
      case 'u':
        return add(Kind::kDictionary, pop_marked()), true;
      case 'c':
      case 0x93:
        return name(instruction == 'c'), true;
      case 'Q':
        return storage(), true;
      case 'R':
        return call(), true;
      case 'b':
        // The attributes of a dictionary of weights are the versions of its modules.
        pop();
        if (stack_.empty() || stack_.back().kind != Kind::kDictionary) refuse("attributes of something else");
        return true;
      default:
        return false;
    }
  }

  bool memoizes(unsigned char instruction) {
    switch (instruction) {
      case 'q':
      case 'r':
      case 0x94: {
        const uint64_t slot = instruction == 0x94 ? memo_.size() : number(instruction == 'q' ? 1 : 4);
        if (stack_.empty()) refuse("an empty stack to store");
        memo_[slot] = stack_.back();
        return true;
      }
      case 'h':
      case 'j': {
        const auto found = memo_.find(number(instruction == 'h' ? 1 : 4));
        if (found == memo_.end()) refuse("a memo slot without a value");
        stack_.push_back(found->second);
        return true;
      }
      default:
        return false;
    }
  }

  void add(Kind kind, const Values& values) {
    if (stack_.empty()) refuse("no container to add to");
    Values& list = items(stack_.back(), kind, "a container");
    if (kind == Kind::kDictionary && values.size() % 2 != 0) refuse("a key without a value");
    list.insert(list.end(), values.begin(), values.end());
  }

  void name(bool in_stream) {
    std::string_view module, function;
    if (in_stream) {
      module = line(), function = line();
    } else {
      const Values both = pop_last(2);
      if (both[0].kind != Kind::kText || both[1].kind != Kind::kText) refuse("a name that is not text");
      module = both[0].text, function = both[1].text;
    }
    for (const auto& known : kKnownNames) {
      if (known.module == module && known.name == function) return push(Kind::kCallable, known.callable);
    }
    const auto shown = [](std::string_view text) {
      std::string copy(text.substr(0, 60));
      replace_invalid_utf8(copy);
      return copy;
    };
    refuse("'" + shown(module) + "." + shown(function) + "'");
  }

  // ('storage', torch.FloatStorage, key, device, count). In old files a view of another storage follows.
  void storage() {
    const StreamValue description = pop();
    const Values& parts = items(description, Kind::kTuple, "a storage");
    const bool whole = parts.size() == 5 || (parts.size() == 6 && parts[5].kind == Kind::kNone);
    if (!whole || parts[0].kind != Kind::kText || parts[0].text != "storage" ||
        parts[1].kind != Kind::kCallable || parts[1].number < kFirstStorage || parts[2].kind != Kind::kText)
      refuse("a storage of another kind");
    const auto type = static_cast<DataType>(parts[1].number - kFirstStorage);
    push(Kind::kStorage, objects_.storages.size());
    objects_.storages.push_back({type, parts[2].text, integer(parts[4], "the size of a storage")});
  }

  std::vector<int64_t> integers(const StreamValue& value, const char* what) {
    const Values& parts = items(value, Kind::kTuple, what);
    if (parts.size() > kMaxDimensions) refuse(std::string("too many dimensions for ") + what);
    std::vector<int64_t> numbers;
    for (const auto& part : parts) numbers.push_back(integer(part, what));
    return numbers;
  }

  void call() {
    const StreamValue tuple = pop(), callable = pop();
    if (callable.kind != Kind::kCallable) refuse("a call of something else");
    const Values& arguments = items(tuple, Kind::kTuple, "the arguments of a call");
    if (arguments.size() > kMaxArguments) refuse("more arguments than a tensor has");
    if (callable.number == kOrderedDictionary) {
      ordered_dictionary(arguments);
    } else if (callable.number == kParameter) {
      if (arguments.empty() || arguments[0].kind != Kind::kTensor) refuse("a parameter without its tensor");
      stack_.push_back(arguments[0]);
    } else if (callable.number == kRebuildTensor || callable.number == kRebuildTensorV2) {
      if (arguments.size() < 4 || arguments[0].kind != Kind::kStorage) refuse("a tensor without its storage");
      push(Kind::kTensor, objects_.tensors.size());
      objects_.tensors.push_back({arguments[0].number, integer(arguments[1], "the offset of a tensor"),
                                  integers(arguments[2], "a shape"), integers(arguments[3], "strides")});
    } else {
      refuse("a call of a storage's type");
    }
  }

  // OrderedDict(), or, from Python 2, OrderedDict([[key, value], ...])
  void ordered_dictionary(const Values& arguments) {
    Values pairs;
    if (arguments.size() > 1) refuse("a dictionary made of something else");
    if (arguments.size() == 1) {
      for (const auto& pair : items(arguments[0], Kind::kList, "the pairs of a dictionary")) {
        const Values& both = items(pair, pair.kind == Kind::kTuple ? Kind::kTuple : Kind::kList, "a pair");
        if (both.size() != 2) refuse("a pair that does not have two values");
        pairs.insert(pairs.end(), both.begin(), both.end());
        // A stream can copy the same pairs again and again with two bytes each. This bounds the memory.
        if (++copied_pairs_ > bytes_.size()) refuse("more pairs than the stream has bytes");
      }
    }
    push_container(Kind::kDictionary, std::move(pairs));
  }

  std::string_view bytes_;
  const std::string& where_;
  StreamObjects& objects_;
  size_t at_ = 0, copied_pairs_ = 0;
  Values stack_;
  std::vector<size_t> marks_;  // stack depths
  std::unordered_map<uint64_t, StreamValue> memo_;
};

}  // namespace

StreamValue read_object(std::string_view& bytes, const std::string& where, StreamObjects& objects) {
  StreamReader reader(bytes.substr(0, kMaxStreamBytes), where, objects);
  const StreamValue value = reader.read();
  bytes.remove_prefix(reader.position());
  return value;
}

}  // namespace dragoman
