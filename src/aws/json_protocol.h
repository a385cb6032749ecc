#pragma once

#include <boost/json.hpp>
#include <string>

#include "aws/client.h"

namespace perch::aws {

/// One call of AWS's JSON protocol 1.1: an object goes out by X-Amz-Target, an object comes back.
Answer<boost::json::object> CallJson(const Client& client, Service service, const std::string& operation,
                                     const boost::json::object& input);

/// A member that is a string; "" if it is absent or something else.
std::string JsonText(const boost::json::object& object, std::string_view key);
/// A member that is a number; 0 if it is absent or something else.
double JsonNumber(const boost::json::object& object, std::string_view key);
/// A member that is an object; an empty one if it is absent or something else.
const boost::json::object& JsonObject(const boost::json::object& object, std::string_view key);
/// The objects of a member that is a list of them; the list itself must be there, as AWS always sends it.
Answer<std::vector<boost::json::object>> JsonList(const boost::json::object& object, std::string_view key);
/// AWS's seconds since 1970, with fractions, as a time.
Time JsonTime(const boost::json::object& object, std::string_view key);

}  // namespace perch::aws
