#include "cfn/print.h"

#include <yaml.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace perch::cfn {
namespace {

class JsonWriter {
 public:
  JsonWriter(bool pretty, std::string& out) : pretty_(pretty), out_(out) {}

  void Write(const Value& value) {
    if (const Value::Map* map = value.AsMap()) {
      WriteAll(*map, '{', '}', [&](const Value::Entry& entry) {
        AppendJsonString(entry.key, out_);
        out_ += pretty_ ? ": " : ":";
        Write(entry.value);
      });
    } else if (const Value::List* list = value.AsList()) {
      WriteAll(*list, '[', ']', [&](const Value& item) { Write(item); });
    } else if (const std::string* text = value.AsString()) {
      AppendJsonString(*text, out_);
    } else {
      out_ += CanonicalJson(value);
    }
  }

 private:
  template <typename Items, typename WriteOne>
  void WriteAll(const Items& items, char open, char close, const WriteOne& write_one) {
    out_ += open;
    ++depth_;
    for (const auto& item : items) {
      if (&item != &items.front()) out_ += ',';
      BreakLine();
      write_one(item);
    }
    --depth_;
    if (!items.empty()) BreakLine();
    out_ += close;
  }

  void BreakLine() {
    if (pretty_) out_.append("\n").append(2 * depth_, ' ');
  }

  const bool pretty_;
  std::string& out_;
  std::size_t depth_ = 0;
};

/// Whether every YAML reader, of version 1.1 too, takes the bare text as the same string: words that are certainly no
/// number, date, truth value or null.
bool IsPlain(std::string_view text) {
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0]))) return false;
  const std::string lower = ToLower(text);
  constexpr std::string_view kWords[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"};
  if (std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords)) return false;
  constexpr std::string_view kHarmless = "_-/.@+ ()";
  if (text.back() == ' ') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // A colon is one of the text's own unless a space follows.
    if (c == ':' && i + 1 < text.size() && text[i + 1] != ' ') continue;
    if (!std::isalnum(static_cast<unsigned char>(c)) && kHarmless.find(c) == kHarmless.npos) return false;
  }
  return true;
}

class YamlWriter {
 public:
  YamlWriter() {
    yaml_emitter_initialize(&emitter_);
    yaml_emitter_set_output(&emitter_, &Append, &out_);
    yaml_emitter_set_width(&emitter_, -1);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_break(&emitter_, YAML_LN_BREAK);
  }
  YamlWriter(const YamlWriter&) = delete;
  YamlWriter& operator=(const YamlWriter&) = delete;
  ~YamlWriter() { yaml_emitter_delete(&emitter_); }

  std::string Write(const Value& document) {
    yaml_event_t event;
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    Emit(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    Emit(event);
    WriteValue(document);
    yaml_document_end_event_initialize(&event, 1);
    Emit(event);
    yaml_stream_end_event_initialize(&event);
    Emit(event);
    return out_;
  }

 private:
  static int Append(void* out, unsigned char* bytes, std::size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }

  void Emit(yaml_event_t& event) { yaml_emitter_emit(&emitter_, &event); }

  void WriteText(const std::string& text, bool quoted) {
    // The emitter refuses what is not UTF-8; JsonString's replacement character is what JSON has there, too.
    const bool utf8 = IsUtf8(text);
    const std::string safe = utf8 ? text : Printable(text);
    yaml_scalar_style_t style = quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
    yaml_event_t event;
    yaml_scalar_event_initialize(&event, nullptr, nullptr, reinterpret_cast<const yaml_char_t*>(safe.data()),
                                 static_cast<int>(safe.size()), !quoted, quoted, style);
    Emit(event);
  }

  void WriteValue(const Value& value) {
    yaml_event_t event;
    if (const Value::Map* map = value.AsMap()) {
      yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1,
                                          map->empty() ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
      Emit(event);
      for (const Value::Entry& entry : *map) {
        WriteText(entry.key, !IsPlain(entry.key));
        WriteValue(entry.value);
      }
      yaml_mapping_end_event_initialize(&event);
      Emit(event);
    } else if (const Value::List* list = value.AsList()) {
      yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1,
                                           list->empty() ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
      Emit(event);
      for (const Value& item : *list) WriteValue(item);
      yaml_sequence_end_event_initialize(&event);
      Emit(event);
    } else if (const std::string* text = value.AsString()) {
      WriteText(*text, !IsPlain(*text));
    } else {
      WriteText(CanonicalJson(value), false);
    }
  }

  yaml_emitter_t emitter_{};
  std::string out_;
};

}  // namespace

std::string PrintJson(const Value& document) {
  std::string out;
  JsonWriter(true, out).Write(document);
  return out + "\n";
}

std::string PrintCompactJson(const Value& document) {
  std::string out;
  JsonWriter(false, out).Write(document);
  return out;
}

std::string PrintYaml(const Value& document) { return YamlWriter().Write(document); }

}  // namespace perch::cfn
