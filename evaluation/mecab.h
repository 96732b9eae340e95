// Words of Japanese and Korean text, by MeCab (Kudo et al. 2004, "Applying Conditional Random Fields to
// Japanese Morphological Analysis") and by mecab-ko, its fork for Korean with different costs for spaces.
//
// Both are shared libraries with the same name and the same C interface, and each needs its dictionary. They
// are loaded on first use: Dragoman builds and runs without them, and one process can use both.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// sacreBLEU's copy of the IPA dictionary, and Debian's, which has one more word: the era name Reiwa.
inline constexpr int64_t kIpaEntries = 392'126, kDebianIpaEntries = 392'127;

class Mecab {
 public:
  // library: an argument of dlopen(). dictionary: a folder with sys.dic. UsageError naming `where` when one
  // of them cannot be loaded.
  Mecab(const std::string& where, const std::string& library, const std::string& dictionary);

  std::string words(std::string_view line) const;  // separated by spaces, as `mecab -Owakati`
  std::string version() const;                     // "0.996"; of mecab-ko "0.996/ko-0.9.2"
  int64_t dictionary_size() const;                 // entries
  bool has_user_dictionary() const;

 private:
  struct Library;
  std::shared_ptr<const Library> library_;
};

// The libraries of sacreBLEU's tokenizers `ja-mecab` and `ko-mecab`, from where Debian's packages, mecab-ko's
// own installation or `pip install 'sacrebleu[ja,ko]'` put them. `dictionary`: a folder, or "" to search for
// one. UsageError naming `--tokenize` when something is missing; the message says how to install it.
Mecab japanese_mecab(const std::string& dictionary);
Mecab korean_mecab(const std::string& dictionary);

}  // namespace dragoman
