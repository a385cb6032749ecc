#pragma once

#include <string>

#include "aws/json_protocol.h"
#include "aws/pages.h"

namespace perch::aws {

/// A list of the JSON protocol, page by page; `token` is the name of the next page's token in request and answer.
template <typename T>
Pages<T> JsonPages(const Client& client, Service service, const std::string& operation,
                   const boost::json::object& input, const char* list, const char* token,
                   T (*read)(const boost::json::object&)) {
  return Pages<T>([=](const std::string& next) -> Answer<Page<T>> {
    boost::json::object asked = input;
    if (!next.empty()) asked[token] = next;
    Answer<boost::json::object> output = CallJson(client, service, operation, asked);
    if (!output) return Failed(output.error());
    Answer<std::vector<boost::json::object>> items = JsonList(*output, list);
    if (!items) return Failed(items.error());
    Page<T> page{.next = JsonText(*output, token)};
    for (const boost::json::object& item : *items) page.items.push_back(read(item));
    return page;
  });
}

}  // namespace perch::aws
