#include "cli/hidden.h"

#include <cstring>

#include "local/keeper.h"

namespace perch::cli {

std::optional<int> RunHidden(int argc, char** argv) {
  if (argc >= 2 && std::strcmp(argv[1], local::kKeeperCommand) == 0) return local::KeeperMain(argc, argv);
  return std::nullopt;
}

}  // namespace perch::cli
