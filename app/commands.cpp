#include "app/commands.h"

namespace dragoman {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {train_command(),
                                           translate_command(),
                                           evaluate_command(),
                                           tokenizer_train_command(),
                                           tokenizer_encode_command(),
                                           tokenizer_decode_command(),
                                           inspect_command(),
                                           average_command(),
                                           selftest_command(),
                                           check_command(),
                                           score_command(),
                                           import_command(),
                                           export_command(),
                                           doctor_command()};
  return all;
}

}  // namespace dragoman
