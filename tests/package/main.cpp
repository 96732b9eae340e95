// Translates standard input with the model folder that is named, line by line.
#include <dragoman.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const dragoman::Translator translator(dragoman::ModelFolder::read(argv[1]), {},
                                        dragoman::engine_on(torch::kCPU));
  for (std::string line; std::getline(std::cin, line);)
    std::cout << translator.translate({line})[0].text() << "\n";
}
