#include "cfn/pattern.h"

#include <algorithm>
#include <string>
#include <utility>

namespace perch::cfn {
namespace {

constexpr char32_t kLastCodePoint = 0x10ffff;
constexpr int kDeepestGroup = 30;
constexpr int kMostRepeats = 4096;

/// The code points of UTF-8; bytes that are none stand for themselves.
std::u32string Decode(std::string_view text) {
  std::u32string points;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 1;
    if (length == 1 || i + length > text.size()) {
      points += lead;
      ++i;
      continue;
    }
    char32_t point = lead & (0x7f >> length);
    for (std::size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3f);
    points += point;
    i += length;
  }
  return points;
}

/// What was read of a pattern, before it becomes states: a tree, so that a counted repetition can be laid out again.
struct Node {
  enum class Kind { kEmpty, kClass, kStart, kEnd, kSequence, kChoice, kRepeat } kind = Kind::kEmpty;
  Pattern::Class characters;
  std::vector<Node> children;
  int least = 0, most = 0;  ///< of kRepeat; most < 0: no limit
};

class Parser {
 public:
  explicit Parser(std::u32string_view text) : text_(text) {}

  std::optional<Node> All() {
    Node node = Choice(0);
    if (failed_ || at_ != text_.size()) return std::nullopt;
    return node;
  }

 private:
  bool Done() const { return at_ >= text_.size() || failed_; }
  bool Take(char32_t c) {
    if (Done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Node Fail() {
    failed_ = true;
    return {};
  }

  Node Choice(int depth) {
    if (depth > kDeepestGroup) return Fail();
    Node choice{.kind = Node::Kind::kChoice};
    do choice.children.push_back(Sequence(depth));
    while (Take('|'));
    return choice.children.size() == 1 ? std::move(choice.children[0]) : choice;
  }

  Node Sequence(int depth) {
    Node sequence{.kind = Node::Kind::kSequence};
    while (!Done() && text_[at_] != '|' && text_[at_] != ')') sequence.children.push_back(Repeated(depth));
    return sequence;
  }

  Node Repeated(int depth) {
    Node atom = Atom(depth);
    while (!Done()) {
      int least = 0;
      int most = -1;
      if (Take('*')) {
      } else if (Take('+')) {
        least = 1;
      } else if (Take('?')) {
        most = 1;
      } else if (text_[at_] == '{' && Counts(least, most)) {
      } else {
        break;
      }
      Take('?');  // lazy or greedy: the same strings match
      if (!Done() && text_[at_] == '+') return Fail();
      Node repeat{.kind = Node::Kind::kRepeat, .least = least, .most = most};
      repeat.children.push_back(std::move(atom));
      atom = std::move(repeat);
    }
    return atom;
  }

  /// "{2}", "{2,}", "{2,5}"; anything else is the character itself.
  bool Counts(int& least, int& most) {
    std::size_t at = at_ + 1;
    const auto number = [&]() -> int {
      int value = -1;
      while (at < text_.size() && text_[at] >= '0' && text_[at] <= '9') {
        value = std::min(std::max(value, 0) * 10 + int(text_[at++] - '0'), kMostRepeats + 1);
      }
      return value;
    };
    least = number();
    most = least;
    if (least < 0) return false;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      most = number();
    }
    if (at >= text_.size() || text_[at] != '}') return false;
    if (least > kMostRepeats || most > kMostRepeats || (most >= 0 && most < least)) failed_ = true;
    at_ = at + 1;
    return true;
  }

  Node Atom(int depth) {
    if (Take('^')) return {.kind = Node::Kind::kStart};
    if (Take('$')) return {.kind = Node::Kind::kEnd};
    if (Take('(')) {
      if (Take('?') && !Take(':')) return Fail();
      Node group = Choice(depth + 1);
      if (!Take(')')) return Fail();
      return group;
    }
    Node node{.kind = Node::Kind::kClass};
    if (Take('[')) {
      Bracket(node.characters);
    } else if (Take('.')) {
      node.characters = {.ranges = {{'\n', '\n'}, {'\r', '\r'}}, .negated = true};
    } else if (Take('\\')) {
      if (Take('Z') || Take('z')) return {.kind = Node::Kind::kEnd};
      if (Take('A')) return {.kind = Node::Kind::kStart};
      Escape(node.characters);
    } else if (text_[at_] == '*' || text_[at_] == '+' || text_[at_] == '?') {
      return Fail();
    } else {
      node.characters.ranges.push_back({text_[at_], text_[at_]});
      ++at_;
    }
    return node;
  }

  /// Adds what stands after a backslash to the class; the character, where it is a single one.
  std::optional<char32_t> Escape(Pattern::Class& into) {
    if (Done()) return Fail(), std::nullopt;
    const char32_t c = text_[at_++];
    const auto add = [&](std::initializer_list<Pattern::Range> ranges) {
      into.ranges.insert(into.ranges.end(), ranges);
      return std::nullopt;
    };
    const auto one = [&](char32_t point) {
      into.ranges.push_back({point, point});
      return std::optional(point);
    };
    switch (c) {
      case 'd':
        return add({{'0', '9'}});
      case 'D':
        return add({{0, '0' - 1}, {'9' + 1, kLastCodePoint}});
      case 'w':
        return add({{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}});
      case 'W':
        return add({{0, '0' - 1}, {'9' + 1, 'A' - 1}, {'Z' + 1, '_' - 1}, {'`', '`'}, {'z' + 1, kLastCodePoint}});
      case 's':
        return add({{'\t', '\r'}, {' ', ' '}, {0xa0, 0xa0}, {0x2028, 0x2029}, {0xfeff, 0xfeff}});
      case 'S':
        return add({{0, '\t' - 1}, {'\r' + 1, ' ' - 1}, {' ' + 1, 0x9f}, {0xa1, kLastCodePoint}});
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 't':
        return one('\t');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case 'u':
        return Hexadecimal(4, one);
      case 'x':
        return Hexadecimal(2, one);
      case 'p':
        Property(into);
        return std::nullopt;
      default:
        // A letter or digit that means nothing here means something elsewhere (\b, \1).
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return Fail(), std::nullopt;
        return one(c);
    }
  }

  template <typename One>
  std::optional<char32_t> Hexadecimal(int digits, const One& one) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      if (Done()) return Fail(), std::nullopt;
      const char32_t c = text_[at_++];
      const int digit = c >= '0' && c <= '9'   ? int(c - '0')
                        : c >= 'a' && c <= 'f' ? int(c - 'a' + 10)
                        : c >= 'A' && c <= 'F' ? int(c - 'A' + 10)
                                               : -1;
      if (digit < 0) return Fail(), std::nullopt;
      value = value * 16 + char32_t(digit);
    }
    return one(value);
  }

  /// \p{L} and the like: of ASCII exactly, beyond it anything.
  void Property(Pattern::Class& into) {
    std::u32string name;
    if (Take('{')) {
      while (!Done() && text_[at_] != '}') name += text_[at_++];
      if (!Take('}')) failed_ = true;
    } else if (!Done()) {
      name = text_[at_++];
    }
    into.unicode = true;
    const auto add = [&](std::initializer_list<Pattern::Range> ranges) {
      into.ranges.insert(into.ranges.end(), ranges);
    };
    if (name == U"L" || name == U"Letter" || name == U"IsLetter") {
      add({{'a', 'z'}, {'A', 'Z'}});
    } else if (name == U"Lu") {
      add({{'A', 'Z'}});
    } else if (name == U"Ll") {
      add({{'a', 'z'}});
    } else if (name == U"N" || name == U"Nd" || name == U"IsDigit") {
      add({{'0', '9'}});
    } else if (name == U"Z" || name == U"Zs" || name == U"IsSpace") {
      add({{' ', ' '}});
    } else if (name == U"M" || name == U"Mn" || name == U"Mc") {
    } else {
      failed_ = true;
    }
  }

  void Bracket(Pattern::Class& into) {
    into.negated = Take('^');
    while (true) {
      if (Done()) return void(Fail());
      if (text_[at_] == ']') break;
      if (text_[at_] == '[' && at_ + 1 < text_.size() && text_[at_ + 1] == ':') return void(Fail());
      const std::optional<char32_t> low = Member(into);
      if (!low || at_ + 1 >= text_.size() || text_[at_] != '-' || text_[at_ + 1] == ']') continue;
      ++at_;
      const std::optional<char32_t> high = Member(into);
      if (!high || *high < *low) return void(Fail());
      into.ranges.push_back({*low, *high});
    }
    ++at_;
  }

  std::optional<char32_t> Member(Pattern::Class& into) {
    if (Take('\\')) {
      if (Take('b')) return into.ranges.push_back({'\b', '\b'}), std::optional<char32_t>('\b');
      return Escape(into);
    }
    const char32_t c = text_[at_++];
    into.ranges.push_back({c, c});
    return c;
  }

  std::u32string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// Lays out states from the end to the start; -1 when there would be too many.
class Layout {
 public:
  explicit Layout(Pattern::Program& program) : program_(program) {}

  std::int32_t Put(const Node& node, std::int32_t next) {
    if (next < 0) return -1;
    switch (node.kind) {
      case Node::Kind::kEmpty:
        return next;
      case Node::Kind::kStart:
        return Add({.kind = Pattern::State::Kind::kStart, .next = next});
      case Node::Kind::kEnd:
        return Add({.kind = Pattern::State::Kind::kEnd, .next = next});
      case Node::Kind::kClass:
        return Add({.kind = Pattern::State::Kind::kClass, .index = ClassOf(node), .next = next});
      case Node::Kind::kSequence:
        for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) next = Put(*child, next);
        return next;
      case Node::Kind::kChoice: {
        std::int32_t start = -1;
        for (const Node& child : node.children) {
          const std::int32_t way = Put(child, next);
          if (way < 0) return -1;
          start = start < 0 ? way : Add({.kind = Pattern::State::Kind::kSplit, .next = start, .other = way});
          if (start < 0) return -1;
        }
        return start;
      }
      case Node::Kind::kRepeat:
        return Repeat(node, next);
    }
    return -1;
  }

  std::int32_t Add(Pattern::State state) {
    if (program_.states.size() >= Pattern::kMostStates) return -1;
    program_.states.push_back(state);
    return std::int32_t(program_.states.size() - 1);
  }

 private:
  std::int32_t Repeat(const Node& node, std::int32_t next) {
    const Node& child = node.children[0];
    if (node.most < 0) {
      const std::int32_t loop = Add({.kind = Pattern::State::Kind::kSplit, .other = next});
      if (loop < 0) return -1;
      const std::int32_t body = Put(child, loop);
      if (body < 0) return -1;
      program_.states[std::size_t(loop)].next = body;
      next = loop;
    }
    const std::int32_t after = next;
    for (int i = node.least; i < node.most && next >= 0; ++i) {
      const std::int32_t body = Put(child, next);
      next = body < 0 ? -1 : Add({.kind = Pattern::State::Kind::kSplit, .next = body, .other = after});
    }
    for (int i = 0; i < node.least && next >= 0; ++i) next = Put(child, next);
    return next;
  }

  std::uint32_t ClassOf(const Node& node) {
    const auto known = std::find_if(classes_.begin(), classes_.end(), [&](const auto& c) { return c.first == &node; });
    if (known != classes_.end()) return known->second;
    program_.classes.push_back(node.characters);
    const auto index = std::uint32_t(program_.classes.size() - 1);
    if (classes_.size() < 64) classes_.emplace_back(&node, index);
    return index;
  }

  Pattern::Program& program_;
  std::vector<std::pair<const Node*, std::uint32_t>> classes_;
};

std::optional<Pattern::Program> CompileOne(std::u32string_view text) {
  const std::optional<Node> tree = Parser(text).All();
  if (!tree) return std::nullopt;
  Pattern::Program program;
  Layout layout(program);
  program.start = layout.Put(*tree, layout.Add({.kind = Pattern::State::Kind::kMatch}));
  if (program.start < 0) return std::nullopt;
  return program;
}

/// The place of the bracket that closes the group at the text's start; its size when there is none.
std::size_t GroupEnd(std::u32string_view text) {
  int depth = 0;
  bool in_class = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char32_t c = text[at];
    if (c == '\\') {
      ++at;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return at;
    }
  }
  return text.size();
}

bool Runs(const Pattern::Program& program, std::u32string_view subject) {
  std::vector<std::int32_t> now, then, open;
  std::vector<std::size_t> seen(program.states.size(), std::size_t(-1));
  const auto reach = [&](std::int32_t state, std::size_t at, std::vector<std::int32_t>& into) {
    open.assign(1, state);
    while (!open.empty()) {
      const std::int32_t id = open.back();
      open.pop_back();
      if (seen[std::size_t(id)] == at) continue;
      seen[std::size_t(id)] = at;
      const Pattern::State& s = program.states[std::size_t(id)];
      switch (s.kind) {
        case Pattern::State::Kind::kMatch:
          return true;
        case Pattern::State::Kind::kSplit:
          open.push_back(s.next);
          open.push_back(s.other);
          break;
        case Pattern::State::Kind::kStart:
          if (at == 0) open.push_back(s.next);
          break;
        case Pattern::State::Kind::kEnd:
          if (at == subject.size()) open.push_back(s.next);
          break;
        case Pattern::State::Kind::kClass:
          into.push_back(id);
      }
    }
    return false;
  };
  if (reach(program.start, 0, now)) return true;
  for (std::size_t at = 0; at < subject.size(); ++at) {
    if (now.empty() && program.anchored) return false;
    then.clear();
    for (const std::int32_t id : now) {
      const Pattern::State& s = program.states[std::size_t(id)];
      if (program.classes[s.index].Has(subject[at]) && reach(s.next, at + 1, then)) return true;
    }
    if (!program.anchored && reach(program.start, at + 1, then)) return true;
    now.swap(then);
  }
  return false;
}

}  // namespace

bool Pattern::Class::Has(char32_t c) const {
  if (unicode && c >= 0x80) return true;
  const bool in =
      std::any_of(ranges.begin(), ranges.end(), [&](const Range& r) { return r.first <= c && c <= r.last; });
  return in != negated;
}

std::optional<Pattern> Pattern::Compile(std::string_view text) {
  if (text.size() > 4096) return std::nullopt;
  const std::u32string decoded = Decode(text);
  std::u32string_view rest = decoded;
  Pattern pattern;
  // Look-aheads are understood where they are used in practice: right at the start.
  if (rest.starts_with(U"^(?=") || rest.starts_with(U"^(?!")) {
    rest.remove_prefix(1);
    while (rest.starts_with(U"(?=") || rest.starts_with(U"(?!")) {
      const std::size_t end = GroupEnd(rest);
      if (end >= rest.size() || pattern.programs_.size() >= 4) return std::nullopt;
      std::optional<Program> ahead = CompileOne(rest.substr(3, end - 3));
      if (!ahead) return std::nullopt;
      ahead->anchored = true;
      ahead->negated = rest[2] == '!';
      pattern.programs_.push_back(std::move(*ahead));
      rest.remove_prefix(end + 1);
    }
  }
  std::optional<Program> program = CompileOne(rest);
  if (!program) return std::nullopt;
  program->anchored = !pattern.programs_.empty();
  pattern.programs_.push_back(std::move(*program));
  return pattern;
}

bool Pattern::Matches(std::string_view subject) const {
  if (subject.size() > kLongestSubject) return true;
  const std::u32string points = Decode(subject);
  return std::all_of(programs_.begin(), programs_.end(),
                     [&](const Program& program) { return Runs(program, points) != program.negated; });
}

std::size_t Pattern::states() const {
  std::size_t count = 0;
  for (const Program& program : programs_) count += program.states.size() + program.classes.size();
  return count;
}

}  // namespace perch::cfn
