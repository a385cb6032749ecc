#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/xml.h"

namespace perch::aws {

/// The parameters of AWS's query protocol: a form in which lists and maps are numbered ("Tags.member.1.Key").
class QueryParameters {
 public:
  QueryParameters& Add(std::string name, std::string value);
  /// Only if it is not empty.
  QueryParameters& AddIf(std::string name, const std::string& value);
  QueryParameters& AddList(const std::string& name, const std::vector<std::string>& values);
  /// "Tags.member.1.Key=…&Tags.member.1.Value=…".
  QueryParameters& AddPairs(const std::string& name, const std::map<std::string, std::string>& pairs,
                            const std::string& key, const std::string& value);
  const Query& pairs() const { return pairs_; }

 private:
  Query pairs_;
};

/// One call of the query protocol: a form goes out, <OperationResponse><OperationResult> comes back. `read` gets the
/// result node (the response itself for an operation without a result) and may fail where the answer is incomplete.
Answer<void> CallQuery(const Client& client, Service service, const std::string& operation,
                       const QueryParameters& parameters, const std::function<Answer<void>(pugi::xml_node)>& read = {},
                       bool sign = true);

/// Calls `each` for every <member> (or child named `item`) of `node`'s child `list`.
template <typename F>
void EachMember(const pugi::xml_node& node, const char* list, const F& each, const char* item = "member") {
  for (const pugi::xml_node& member : node.child(list).children(item)) each(member);
}

}  // namespace perch::aws
