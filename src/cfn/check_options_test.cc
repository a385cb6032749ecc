#include "cfn/check.h"
#include "cfn/check_testing.h"
#include "cfn/option_settings.h"

namespace perch::cfn {
namespace {

const std::string kAt = "error Resources.R.Properties";

std::string Environment(const std::string& properties) {
  return Resource("AWS::ElasticBeanstalk::Environment", "'ApplicationName': 'shop', " + properties);
}
std::string Settings(const std::string& settings) {
  return Environment("'PlatformArn': 'arn', 'OptionSettings': [" + settings + "]");
}
std::string Setting(const std::string& space, const std::string& name, const std::string& value) {
  return "{'Namespace': '" + space + "', 'OptionName': '" + name + "', 'Value': " + value + "}";
}
std::string One(const std::string& space, const std::string& name, const std::string& value) {
  return Settings(Setting(space, name, value));
}

TEST(CheckOptions, EachOptionIsOneThatBeanstalkKnows) {
  const std::string at = kAt + ".OptionSettings[0]";
  Expect({
      {"decent",
       Settings(Setting("aws:autoscaling:asg", "MinSize", "1") + ", " +
                Setting("aws:elbv2:listener:443", "ListenerEnabled", "'true'") + ", " +
                Setting("aws:ec2:instances", "SupportedArchitectures", "'arm64,x86_64'") + ", " +
                Setting("aws:elasticbeanstalk:application:environment", "A_B", "'x'") + ", " +
                Setting("aws:elasticbeanstalk:environment:proxy:staticfiles", "/static", "'static'") + ", " +
                Setting("aws:elasticbeanstalk:command", "Timeout", "{'Ref': 'AWS::NoValue'}") + ", " +
                Setting("aws:elasticbeanstalk:container:nodejs", "NodeVersion", "'20'") + ", " +
                Setting("aws:elasticbeanstalk:cloudwatch:logs", "RetentionInDays", "7")),
       {}},
      {"namespace",
       One("aws:autoscaling:as", "MinSize", "'1'"),
       {at +
        ".Namespace: there is no namespace `aws:autoscaling:as` of options | Did you mean `aws:autoscaling:asg`?"}},
      {"namespace with a port",
       One("aws:elbv2:listner:443", "Protocol", "'HTTPS'"),
       {at + ".Namespace: there is no namespace `aws:elbv2:listner:443` of options | Did you mean "
             "`aws:elbv2:listener:443`?"}},
      {"option",
       One("aws:autoscaling:asg", "MinimumSize", "'1'"),
       {at + ".OptionName: aws:autoscaling:asg has no option `MinimumSize`"}},
      {"option nearly",
       One("aws:elasticbeanstalk:command", "DeploymentPolice", "'x'"),
       {at + ".OptionName: aws:elasticbeanstalk:command has no option `DeploymentPolice` | Did you mean "
             "`DeploymentPolicy`?"}},
      {"choice",
       One("aws:elasticbeanstalk:command", "DeploymentPolicy", "'AllatOnce'"),
       {at + ".Value: `DeploymentPolicy` of aws:elasticbeanstalk:command: `AllatOnce` is not among its values | One "
             "of: AllAtOnce, Rolling, "
             "RollingWithAdditionalBatch, Immutable, TrafficSplitting."}},
      {"choices",
       One("aws:ec2:instances", "SupportedArchitectures", "'arm64,arm'"),
       {at + ".Value: `SupportedArchitectures` of aws:ec2:instances: `arm` is not among its values | Some of: arm64, "
             "x86_64, i386."}},
      {"range",
       One("aws:elasticbeanstalk:environment:process:default", "HealthCheckInterval", "4"),
       {at +
        ".Value: `HealthCheckInterval` of aws:elasticbeanstalk:environment:process:default: `4` is not from 5 to 300"}},
      {"number",
       One("aws:autoscaling:asg", "MaxSize", "'many'"),
       {at + ".Value: `MaxSize` of aws:autoscaling:asg: `many` is no whole number"}},
      {"truth",
       One("aws:elasticbeanstalk:cloudwatch:logs", "StreamLogs", "'yes'"),
       {at + ".Value: `StreamLogs` of aws:elasticbeanstalk:cloudwatch:logs: `yes` is neither `true` nor `false`"}},
      {"days",
       One("aws:elasticbeanstalk:cloudwatch:logs", "RetentionInDays", "8"),
       {at + ".Value: `RetentionInDays` of aws:elasticbeanstalk:cloudwatch:logs: `8` is not among its values | One of: "
             "1, 3, 5, 7, 14, 30, 60, "
             "90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653."}},
      {"a value that is a list",
       One("aws:ec2:vpc", "Subnets", "['a', 'b']"),
       {at + ".Value: `OptionSettings[0].Value` of AWS::ElasticBeanstalk::Environment is a text, not a list"}},
      {"twice",
       Settings(Setting("aws:autoscaling:asg", "MinSize", "1") + ", " + Setting("aws:autoscaling:asg", "MinSize", "2")),
       {kAt +
        ".OptionSettings[1]: `MinSize` of aws:autoscaling:asg is set already | Beanstalk takes each option once."}},
      {"a scheduled action without a name",
       One("aws:autoscaling:scheduledaction", "MinSize", "0"),
       {at + ": a scheduled action needs `ResourceName` | It is the action's name."}},
      {"shared without its ARN",
       One("aws:elasticbeanstalk:environment", "LoadBalancerIsShared", "'true'"),
       {kAt +
        ".OptionSettings: a shared load balancer needs its ARN | Set `SharedLoadBalancer` in aws:elbv2:loadbalancer."}},
      {"shared with it",
       Settings(Setting("aws:elasticbeanstalk:environment", "LoadBalancerIsShared", "'true'") + ", " +
                Setting("aws:elbv2:loadbalancer", "SharedLoadBalancer", "{'Fn::ImportValue': 'x'}")),
       {}},
  });
}

TEST(CheckOptions, Variables) {
  const std::string space(kVariables);
  const std::string at = kAt + ".OptionSettings";
  std::string many;
  for (int i = 10; i < 27; ++i)
    many += (many.empty() ? "" : ", ") + Setting(space, "V" + std::to_string(i), "'" + std::string(237, 'x') + "'");
  Expect({
      {"as many bytes as there may be", Settings(many.substr(0, many.rfind(", {"))), {}},
      {"more bytes",
       Settings(many),
       {at + ": the environment's variables have 4097 bytes together, and may have 4096 | Keep long ones in Secrets "
             "Manager or in a file of the "
             "app."}},
      {"long value",
       One(space, "V", "'" + std::string(257, 'x') + "'"),
       {at + "[0]: the value of the variable `V` has 257 characters, and may have 256 | Keep it in Secrets Manager or "
             "in a file of the app."}},
      {"long name",
       One(space, std::string(129, 'V'), "'x'"),
       {at + "[0]: the variable `" + std::string(97, 'V') + "…` has a name of 129 characters, and may have 128"}},
      {"name",
       One(space, "A=B", "'x'"),
       {at + "[0]: `A=B` is no name of a variable | Names have letters, digits and _."}},
  });
}

TEST(CheckOptions, Environments) {
  Expect({
      {"two platforms",
       Environment("'PlatformArn': 'a', 'SolutionStackName': 'b'"),
       {kAt + ".SolutionStackName: the environment has `PlatformArn` and `SolutionStackName` | Keep `PlatformArn`: it "
              "can change without a new "
              "environment."}},
      {"no platform",
       Environment("'Description': 'x'"),
       {kAt + ": the environment needs `PlatformArn`, `SolutionStackName` or `TemplateName` | It says which platform "
              "the app runs on."}},
      {"name",
       Environment("'PlatformArn': 'a', 'EnvironmentName': 'shop-'"),
       {kAt + ".EnvironmentName: `shop-` is no name of an environment | Letters, digits and hyphens, with no hyphen at "
              "its ends."}},
      {"host name",
       Environment("'PlatformArn': 'a', 'CNAMEPrefix': 'sh_op'"),
       {kAt + ".CNAMEPrefix: `sh_op` is no prefix of a host name | Letters, digits and hyphens, with no hyphen at its "
              "ends."}},
  });
}

TEST(Options, AreFoundByTheirNamespace) {
  const Option* option = FindOption("aws:elbv2:listener:443", "Protocol");
  ASSERT_TRUE(option);
  EXPECT_EQ(option->default_value, "HTTP");
  EXPECT_TRUE(FindOption("aws:elasticbeanstalk:environment", "LoadBalancerType")->immutable);
  EXPECT_TRUE(FindOption("aws:elbv2:loadbalancer", "SharedLoadBalancer")->immutable);
  EXPECT_EQ(FindOption("aws:elbv2:listener:", "Protocol"), nullptr);
  EXPECT_EQ(FindOption("aws:elbv2:listener:a:b", "Protocol"), nullptr);
  EXPECT_TRUE(IsOptionSpace(kVariables));
  EXPECT_FALSE(IsOptionSpace("aws:elasticbeanstalk"));
}

TEST(Options, DefaultsAreAmongTheirOwnValues) {
  for (const Option& option : Options()) {
    if (!option.default_value.empty()) {
      EXPECT_EQ(OptionValueProblem(option, option.default_value), "") << option.space << " " << option.name;
    }
    EXPECT_EQ(option.kind == Option::Kind::kChoice || option.kind == Option::Kind::kChoices, !option.choices.empty())
        << option.name;
    EXPECT_LE(option.least, option.most) << option.name;
  }
}

}  // namespace
}  // namespace perch::cfn
