#pragma once

#include <string>

#include "aws/pages.h"
#include "aws/query.h"

namespace perch::aws {

/// How a list operation of the query protocol names its parts.
struct QueryListNames {
  const char* list;                 ///< "Environments"; it has to be there, even if it is empty
  const char* item = "member";      ///< "DBSnapshot"
  const char* token = "NextToken";  ///< in request and result; RDS says "Marker"
};

/// A list of the query protocol, page by page.
template <typename T>
Pages<T> QueryPages(const Client& client, Service service, const std::string& operation,
                    const QueryParameters& parameters, QueryListNames names, T (*read)(const pugi::xml_node&)) {
  return Pages<T>([=](const std::string& token) -> Answer<Page<T>> {
    QueryParameters asked = parameters;
    asked.AddIf(names.token, token);
    Page<T> page;
    Answer<void> done = CallQuery(client, service, operation, asked, [&](pugi::xml_node result) -> Answer<void> {
      if (!result.child(names.list)) return Unreadable("it has no <" + std::string(names.list) + ">");
      page = {};
      EachMember(result, names.list, [&](const pugi::xml_node& item) { page.items.push_back(read(item)); }, names.item);
      page.next = TextOf(result, names.token);
      return {};
    });
    if (!done) return Failed(done.error());
    return page;
  });
}

}  // namespace perch::aws
