#pragma once

#include <string>
#include <vector>

namespace perch::config {

/// Rows as lines, columns padded to their widest cell (in characters, 60 at most); the last one is not padded.
std::string Table(const std::vector<std::vector<std::string>>& rows, const std::string& indent = "");

}  // namespace perch::config
