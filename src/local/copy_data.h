#pragma once

namespace perch::local {

/// Copies the data folder of an app that may be writing to it: SQLite databases by SQLite's backup API, so that the
/// copy is one consistent state; other regular files as they are. `bucket` at the top is left out: it is shared. Runs
/// inside a sandbox: `perch __keeper copy-data FROM TO`. Gives an exit code; says on standard error what failed.
int CopyDataMain(int argc, char** argv);
inline constexpr const char* kCopyDataCommand = "copy-data";

}  // namespace perch::local
