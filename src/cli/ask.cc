#include "cli/ask.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "base/text.h"

namespace perch::cli {

bool CanAsk() { return isatty(STDIN_FILENO) == 1; }

bool Agrees(const std::string& question, const std::stop_token& stop) {
  constexpr int kLookMilliseconds = 50;  // a signal's thread may have stopped us: reading alone would never notice
  std::printf("%s [y/N] ", question.c_str());
  std::fflush(stdout);
  std::string answer;
  while (!stop.stop_requested()) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (poll(&input, 1, kLookMilliseconds) <= 0) continue;
    char c = 0;
    if (read(STDIN_FILENO, &c, 1) != 1 || c == '\n') break;
    answer += c;
  }
  if (stop.stop_requested()) std::printf("\n");
  const std::string word = ToLower(Trim(answer));
  return !stop.stop_requested() && (word == "y" || word == "yes");
}

}  // namespace perch::cli
