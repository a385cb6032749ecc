#include <gtest/gtest.h>

#include <cstring>

#include "local/keeper.h"

/// The test program is its own keeper, as perch is.
int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], perch::local::kKeeperCommand) == 0) return perch::local::KeeperMain(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
