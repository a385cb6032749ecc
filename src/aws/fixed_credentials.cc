#include "aws/credentials.h"

namespace perch::aws {
namespace {

class Fixed : public CredentialsSource {
 public:
  explicit Fixed(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get(std::stop_token) override { return credentials_; }
  void Forget(const std::string&) override {}

 private:
  const Credentials credentials_;
};

}  // namespace

std::shared_ptr<CredentialsSource> FixedCredentials(Credentials credentials) {
  return std::make_shared<Fixed>(std::move(credentials));
}

}  // namespace perch::aws
