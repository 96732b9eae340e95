// A choice: an enum whose values have names, for flags and files. The names are written once,
// after the enum, in the order of its values, which count from 0:
//
//   enum class Norm { kPost, kPre };
//   constexpr auto names_of(Norm) { return choice_names("post", "pre"); }
//
// An option of such a member (core/options.h) takes these names and no other.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace dragoman {

template <typename... Text>
constexpr std::array<std::string_view, sizeof...(Text)> choice_names(const Text&... names) {
  return {names...};
}

template <typename T>
concept Choice = std::is_enum_v<T> && requires(T value) {
  names_of(value).size();
};

template <Choice T>
inline constexpr auto kNamesOf = names_of(T{});

template <Choice T>
std::string name_of(T value) {
  return std::string(kNamesOf<T>.at(static_cast<size_t>(value)));
}

// The value of this name; nothing when no value has it.
template <Choice T>
std::optional<T> choice_of(std::string_view name) {
  for (size_t i = 0; i < kNamesOf<T>.size(); ++i) {
    if (kNamesOf<T>[i] == name) return static_cast<T>(i);
  }
  return std::nullopt;
}

}  // namespace dragoman
