#include "aws/query.h"

namespace perch::aws {
namespace {

/// A form's own escaping of spaces, as every AWS tool sends it.
std::string EncodeBody(const Query& form) {
  std::string body;
  const std::string encoded = EncodeForm(form);
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const bool space = encoded.compare(i, 3, "%20") == 0;
    body += space ? '+' : encoded[i];
    if (space) i += 2;
  }
  return body;
}

}  // namespace

QueryParameters& QueryParameters::Add(std::string name, std::string value) {
  pairs_.emplace_back(std::move(name), std::move(value));
  return *this;
}

QueryParameters& QueryParameters::AddIf(std::string name, const std::string& value) {
  if (!value.empty()) Add(std::move(name), value);
  return *this;
}

QueryParameters& QueryParameters::AddList(const std::string& name, const std::vector<std::string>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) Add(name + ".member." + std::to_string(i + 1), values[i]);
  return *this;
}

QueryParameters& QueryParameters::AddPairs(const std::string& name, const std::map<std::string, std::string>& pairs,
                                           const std::string& key, const std::string& value) {
  int number = 0;
  for (const auto& [first, second] : pairs) {
    const std::string member = name + ".member." + std::to_string(++number) + ".";
    Add(member + key, first).Add(member + value, second);
  }
  return *this;
}

Answer<void> CallQuery(const Client& client, Service service, const std::string& operation,
                       const QueryParameters& parameters, const std::function<Answer<void>(pugi::xml_node)>& read,
                       bool sign) {
  Query form = {{"Action", operation}, {"Version", std::string(FactsOf(service).version)}};
  form.insert(form.end(), parameters.pairs().begin(), parameters.pairs().end());
  const Call call{.service = service,
                  .operation = operation,
                  .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                  .body = EncodeBody(form),
                  .sign = sign};
  const auto read_answer = [&](const net::RemoteResponse& response) -> Answer<void> {
    pugi::xml_document document;
    if (Answer<void> whole = ParseXml(response.body, operation + "Response", document); !whole) return whole;
    if (!read) return {};
    const pugi::xml_node root = document.document_element();
    const pugi::xml_node result = root.child((operation + "Result").c_str());
    return read(result ? result : root);
  };
  Answer<net::RemoteResponse> response = client.Send(call, read_answer);
  if (!response) return Failed(response.error());
  return {};
}

}  // namespace perch::aws
