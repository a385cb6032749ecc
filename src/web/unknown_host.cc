#include "web/unknown_host.h"

#include "base/text.h"
#include "web/answers.h"

namespace perch::web {

net::Response UnknownHostAnswer(const Hosts& hosts, bool secretive, const net::Request& request) {
  std::string text = "perch does not serve the name '" + Printable(request.host).substr(0, 255) + "'.\n";
  if (!secretive) {
    text += "The dashboard is at " + hosts.DashboardUrl() + "/, a branch at " + hosts.BranchUrl("<branch>") + "/.\n";
  }
  return TextAnswer(421, std::move(text));
}

}  // namespace perch::web
