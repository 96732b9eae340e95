#include "decoding/abbreviations.h"

#include <initializer_list>
#include <set>
#include <string>

namespace dragoman {
namespace {

using Words = std::set<std::string, std::less<>>;

// Words separated by spaces.
Words words_of(std::initializer_list<std::string_view> lists) {
  Words words;
  for (const std::string_view list : lists) {
    for (size_t begin = 0; begin < list.size();) {
      const size_t end = std::min(list.find(' ', begin), list.size());
      if (end > begin) words.emplace(list.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return words;
}

// Words that often end a sentence (itd., atd., и др., usw.) are excluded.
const Words& abbreviations() {
  static const Words words = words_of({
      // English
      "mr mrs ms dr prof st mt gen capt lt sgt maj cmdr rev hon gov sen rep messrs vs etc approx",
      // German
      "hr hrn fr frl dipl ing mag bzw ca evtl ggf inkl exkl bspw sog vgl allg insb jh jhd mio mrd tsd str "
      "abb nr tel okt nov dez "
      "geb gest hl kath ev anm aufl hrsg hg verh einschl zzgl",
      // French, Spanish, Portuguese, Italian, Romanian
      "mme mmes mlle mlles mgr ste cf av bd sr sra srta sres dra drs dña ud uds avda lic gral exmo exma "
      "profa eng sig ee uu "
      "sigg dott avv geom arch egr spett dl dna",
      // Dutch, Danish, Norwegian, Swedish, Finnish
      "dhr mevr mw ir bijv resp jfr jf esim ns nro",
      // Polish
      "ob np tzw tzn ul al pl os mgr inż hab doc płk kpt por św ks bp abp ww im woj pow gm godz ok ur zm red",
      // Czech, Slovak, Slovenian, Croatian
      "tzv tj např mj mudr judr phdr rndr bc sv čp nám tř odst popř cca stol kap obr tab vyd nar tzn npr "
      "gosp plk",
      // Russian, Ukrainian, Bulgarian, Serbian
      "буд дер член-корр гг ул пр просп пр-т пер пл наб кв корп стр обл р-н им тов гр проф акад доц инж см "
      "ср тыс млн млрд руб "
      "коп рис "
      "табл гл разд изд ред сост вул бульв див грн тис бул",
      // Greek
      "κα κος κκ δηλ βλ σελ αρ δρ καθ αγ οδ λεωφ τηλ εκατ δισ χιλ",
      // Turkish, Hungarian
      "doç sn bkz örn cad sok mah apt yy ún kb ill",
      // Hindi
      "डॉ श्री प्रो पं रु",
      // Vietnamese
      "ts tp pgs ths",
  });
  return words;
}

const Words& before_numbers() {
  static const Words words =
      words_of({"no nos nr abb fig figs eq sec ch vol p pp art arts kap bd ex núm num pág págs pag "
                "cap n č čl str ust poz rozdz zał ст рис гл п пп т α σελ αρ kl s jan feb mar apr "
                "jun jul aug sep sept oct okt nov dec dez"});
  return words;
}

}  // namespace

bool is_abbreviation(std::string_view word) {
  return abbreviations().count(word) > 0;
}

bool is_abbreviation_before_number(std::string_view word) {
  return before_numbers().count(word) > 0;
}

bool is_month(std::string_view word) {
  static const Words words =
      words_of({"januar jänner februar märz april mai juni juli august september oktober november dezember "
                "jan feb mär apr jun jul aug sept sep okt nov dez"});
  return words.count(word) > 0;
}

bool is_before_ordinal(std::string_view word) {
  static const Words words = words_of(
      {"der die das dem den des im am vom zum zur ins ein eine einem einen einer eines mein meine meinem "
       "meinen "
       "sein seine seinem seinen seiner ihr ihre ihrem ihren ihrer unser unsere unserem unseren kein keine "
       "dieser diese dieses diesem diesen jeder jede jedes jedem jeden"});
  return words.count(word) > 0;
}

}  // namespace dragoman
