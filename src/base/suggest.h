#pragma once

#include <span>
#include <string>
#include <string_view>

namespace perch {

/// The candidate nearest to `word` by edit distance with transpositions, at most 3 and less than half of the word's
/// length; "" if none is near.
std::string Nearest(std::string_view word, std::span<const std::string> candidates);

/// "did you mean 'x'?" or "".
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates);

}  // namespace perch
