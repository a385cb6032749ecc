#include <boost/json.hpp>

#include "aws/credential_places.h"
#include "aws/times.h"
#include "base/text.h"

namespace perch::aws {

Result<Credentials> ParseCredentialsJson(const std::string& json, const char* token_key, const std::string& source) {
  const auto bad = [&](std::string why) {
    return Fail({.what = "cannot use the AWS credentials", .where = source, .why = std::move(why)});
  };
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(json, error);
  if (error || !value.is_object()) return bad("the answer is no JSON object");
  const auto text = [&](std::string_view key) -> std::string {
    const boost::json::value* const member = value.get_object().if_contains(key);
    return member && member->is_string() ? std::string(member->get_string()) : "";
  };
  if (const std::string code = text("Code"); !code.empty() && code != "Success") {
    return bad("it answered " + Printable(code) + ": " + Printable(text("Message")));
  }
  Credentials credentials{.access_key_id = text("AccessKeyId"),
                          .secret_access_key = Secret(text("SecretAccessKey")),
                          .session_token = Secret(text(token_key)),
                          .source = source};
  if (credentials.access_key_id.empty()) return bad("the answer has no AccessKeyId");
  if (credentials.secret_access_key.empty()) return bad("the answer has no SecretAccessKey");
  if (const std::string expiration = text("Expiration"); !expiration.empty()) {
    credentials.expires = ParseAwsTime(expiration);
    if (!credentials.expires) return bad("its Expiration is no time: " + Printable(expiration));
  }
  return credentials;
}

std::optional<std::vector<std::string>> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escape = c == '\\' && quote != '\'';
    if (escape) {
      if (++i == text.size()) return std::nullopt;
      if (!word) word.emplace();
      if (quote == '"' && text[i] != '"' && text[i] != '\\') *word += '\\';
      *word += text[i];
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        *word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      if (!word) word.emplace();
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (word) words.push_back(std::move(*word));
      word.reset();
    } else {
      if (!word) word.emplace();
      *word += c;
    }
  }
  if (quote != 0) return std::nullopt;
  if (word) words.push_back(std::move(*word));
  return words;
}

Found FromProcess(CredentialSearch& search, const std::string& profile) {
  const std::optional<std::string> command = search.config.Find(profile, "credential_process");
  if (!command) return std::nullopt;
  const std::string source = "credential_process of profile '" + Printable(profile) + "'";
  const auto bad = [&](std::string why) {
    return Fail({.what = "cannot get AWS credentials", .where = source, .why = std::move(why)});
  };
  const std::optional<std::vector<std::string>> argv = SplitWords(*command);
  if (!argv || argv->empty()) return bad("the command is empty or has an open quote");
  Result<ProcessResult> ran = search.surroundings.run({.argv = *argv, .output_limit = 1 << 20}, search.stop);
  if (!ran) return Fail(ran.error());
  if (ran->cancelled)
    return Fail({.kind = ErrorKind::kCancelled, .what = "cannot get AWS credentials", .why = "it was stopped"});
  if (ran->timed_out) return bad("the program did not end in a minute");
  if (!ran->Succeeded()) return bad("the program ended with " + DescribeExit(ran->exit_code));
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(ran->out, error);
  const boost::json::value* const version =
      !error && value.is_object() ? value.get_object().if_contains("Version") : nullptr;
  if (!version || *version != 1) return bad("the program did not write JSON with \"Version\": 1");
  Result<Credentials> credentials = ParseCredentialsJson(ran->out, "SessionToken", source);
  if (!credentials) return Fail(credentials.error());
  return std::move(*credentials);
}

}  // namespace perch::aws
