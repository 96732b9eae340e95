// Words of Japanese and Korean text, by MeCab (Kudo et al. 2004, "Applying Conditional Random Fields to
// Japanese Morphological Analysis") and by mecab-ko, its fork for Korean, which has other costs for spaces.
//
// The two are shared libraries of one name and one C interface, and each needs its dictionary. They are
// loaded when they are asked for: building and running Dragoman needs neither, and both can be used in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// sacreBLEU's copy of the IPA dictionary, and Debian's, which has one word more: the era name Reiwa.
inline constexpr int64_t kIpaEntries = 392'126, kDebianIpaEntries = 392'127;

class Mecab {
 public:
  // library: what dlopen() takes; dictionary: a folder with sys.dic. UsageError naming `where` when one of
  // them cannot be loaded.
  Mecab(const std::string& where, const std::string& library, const std::string& dictionary);

  std::string words(std::string_view line) const;  // a space between two, as `mecab -Owakati`
  std::string version() const;                     // "0.996"; of mecab-ko "0.996/ko-0.9.2"
  int64_t dictionary_size() const;                 // entries
  bool has_user_dictionary() const;

 private:
  struct Library;
  std::shared_ptr<const Library> library_;
};

// What sacreBLEU's tokenizers `ja-mecab` and `ko-mecab` use, found where Debian's packages, mecab-ko's own
// installation and `pip install 'sacrebleu[ja,ko]'` put it. `dictionary`: a folder, or "" to look for one.
// UsageError naming `--tokenize` that says what is missing and where it comes from.
Mecab japanese_mecab(const std::string& dictionary);
Mecab korean_mecab(const std::string& dictionary);

}  // namespace dragoman
