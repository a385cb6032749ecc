#include "cli/arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <sstream>

#include "base/suggest.h"
#include "base/text.h"

namespace perch::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 done, 1 failed, 2 usage or configuration error, 3 refused for safety, 4 superseded by a newer "
    "push.\n"
    "State lives in .perch/ beside perch.yaml, or in $PERCH_STATE. `perch COMMAND --help` has an example of each.";

std::string About(std::string_view name) {
  const auto& all = Commands();
  const auto at = std::find_if(all.begin(), all.end(), [&](const CommandInfo& info) { return info.name == name; });
  return at == all.end() ? "" : at->about;
}

/// Makes the commands of one CLI::App write into one Arguments.
class Reader {
 public:
  explicit Reader(Arguments& into) : a_(into), app_("Every branch gets a place where everyone can see it.", "perch") {
    app_.footer(kFooter);
    app_.require_subcommand(0, 1);
    app_.fallthrough();
    app_.add_option("-C", a_.folder, "Work as if started in this folder")->type_name("DIR");
    app_.add_option("--config", a_.config, "The configuration file")->type_name("FILE")->capture_default_str();
    app_.add_option("--platform", a_.platform, "Where environments live")->check(CLI::IsMember({"local", "aws"}));
    app_.add_flag("--json", a_.json, "Print JSON, with a stable shape");
    app_.add_flag("-v,--verbose", a_.verbose, "Say more on standard error");
    app_.add_flag("--version", version_, "Print the version");
    AddSetUp();
    AddServing();
    AddLooking();
    AddActing();
    AddConfig();
    AddTemplate();
    AddCi();
  }

  CLI::App& app() { return app_; }

  void TakeCommand() {
    for (const CLI::App* sub : app_.get_subcommands()) {
      a_.command = sub->get_name();
      for (const CLI::App* inner : sub->get_subcommands()) a_.subcommand = inner->get_name();
    }
    if (a_.subcommand.empty() && a_.command == "completion") a_.subcommand = "bash";
  }

 private:
  CLI::App& Command(const std::string& name, const std::string& example) {
    CLI::App* sub = app_.add_subcommand(name, About(name));
    sub->footer("Example:\n  " + example);
    sub->fallthrough();
    return *sub;
  }

  void AddSetUp() {
    CLI::App& init = Command("init", "cd my-app && perch init\n  perch init --run 'gunicorn shop.wsgi -b $HOST:$PORT'");
    init.add_option("--run", a_.run_command, "The command that starts the app; it must listen on $HOST:$PORT")
        ->type_name("COMMAND");
    init.add_flag("--force", a_.force, "Replace a perch.yaml that is there");
    CLI::App& demo = Command("demo", "perch demo --once");
    demo.add_flag("--once", a_.once, "Bring all branches up, check each link, print the table, leave nothing running");
    demo.add_option("--folder", a_.demo_folder,
                    "Where the sample repository goes (default: a new folder in the temporary one)")
        ->type_name("DIR");
    AddListen(demo);
    CLI::App& doctor = Command("doctor", "perch doctor");
    doctor.footer(
        "Example:\n  perch doctor\n  perch doctor --platform aws\n  perch doctor --policy ci > policy.json\n"
        "  perch doctor --leaks\n"
        "Checks this machine or AWS and the configuration, and says what to do about each finding.");
    doctor.add_option("--policy", a_.policy, "Print the least IAM policy for deploying (ci) or for `perch sweep`")
        ->expected(0, 1)
        ->default_str("ci")
        ->check(CLI::IsMember({"ci", "sweep"}))
        ->type_name("ci|sweep");
    doctor.add_flag("--leaks", a_.leaks, "Find what environments that are gone left on AWS; deletes nothing");
    CLI::App& bootstrap = Command("bootstrap", "perch bootstrap\n  perch bootstrap production --yes");
    bootstrap.add_option("application", a_.subcommand, "Which part of the app (default: staging, which branches use)")
        ->check(CLI::IsMember({"production", "staging"}))
        ->type_name("production|staging");
    bootstrap.add_flag("--yes", a_.yes, "Make the changes without asking");
    CLI::App& completion = Command("completion", "perch completion bash > /etc/bash_completion.d/perch");
    completion.add_option("shell", a_.subcommand, "The shell")->check(CLI::IsMember({"bash"}))->capture_default_str();
  }

  void AddListen(CLI::App& sub) {
    sub.add_option("--listen", a_.listen, "Where to answer")->type_name("HOST:PORT")->capture_default_str();
    sub.add_flag(
        "--trust-branches", a_.trust_branches,
        "Run branch code without a sandbox where bubblewrap cannot work. Only for code you would run yourself");
  }

  void AddServing() {
    CLI::App& serve = Command("serve",
                              "perch serve\n  perch serve --listen 0.0.0.0:443 --domain preview.example.com "
                              "--tls cert.pem,key.pem --password-file password.txt");
    AddListen(serve);
    serve.add_option("--domain", a_.domain, "Branches answer at <slug>.DOMAIN (default: `domain` in perch.yaml)")
        ->type_name("DOMAIN");
    serve.add_option("--dashboard", a_.dashboard, "The dashboard's host name (default: the domain itself)")
        ->type_name("HOST");
    serve.add_option("--tls", a_.tls, "Certificate chain and private key, PEM; read again when they change")
        ->type_name("CERT,KEY");
    serve.add_option("--password-file", a_.password_file, "Its first line is what visitors sign in with")
        ->type_name("FILE");
  }

  void AddLooking() {
    Command("plan", "perch plan --json | jq '.steps[] | select(.action == \"delete\")'");
    Command("ls", "perch ls --json | jq -r '.[] | select(.state == \"ready\") | .url'");
    CLI::App& status = Command("status", "perch status feature/cart");
    status.add_option("branch", a_.branch, "A branch, or its slug; without it: how perch itself is")
        ->type_name("BRANCH");
    CLI::App& logs = Command("logs", "perch logs -f feature/cart\n  perch logs feature/cart --stage test");
    logs.add_option("branch", a_.branch, "A branch, or its slug")->required()->type_name("BRANCH");
    logs.add_flag("-f,--follow", a_.follow, "Go on as the log grows");
    logs.add_option("--stage", a_.stage,
                    "Which log: checkout build test release seed start (default: the failed one, else the app's own)")
        ->type_name("STAGE");
    CLI::App& open = Command("open", "perch open feature/cart");
    open.add_option("branch", a_.branch, "A branch; without it the dashboard, signed in")->type_name("BRANCH");
  }

  void AddActing() {
    CLI::App& up = Command("up", "perch up feature/cart");
    up.add_option("branch", a_.branch, "The branch to deploy again, whatever failed or was stopped before")
        ->required()
        ->type_name("BRANCH");
    up.add_flag("--detach", a_.no_wait, "Do not wait for the result");
    up.add_flag("--yes", a_.yes, "On AWS: replace an environment, with its data, without asking where that must be");
    up.add_option("--image", a_.image, "On AWS: deploy this image, by digest, instead of building one")
        ->type_name("REPOSITORY@sha256:...");
    CLI::App& down = Command("down", "perch down feature/cart");
    down.add_option("branch", a_.branch, "The branch to stop; its data stay. On AWS: to delete, with its data")
        ->required()
        ->type_name("BRANCH");
    down.add_flag("--yes", a_.yes, "On AWS: delete without asking");
    CLI::App& reset = Command("reset", "perch reset feature/cart");
    reset.add_option("branch", a_.branch, "The branch whose database and files are made anew")
        ->required()
        ->type_name("BRANCH");
    reset.add_flag("--yes", a_.yes, "Without asking");
    reset.add_flag("--detach", a_.no_wait, "Do not wait for the result");
    CLI::App& exec = Command("exec", "perch exec feature/cart -- python3 manage.py shell");
    exec.add_option("branch", a_.branch, "The branch whose environment the command runs in")
        ->required()
        ->type_name("BRANCH");
    CLI::App& sweep = Command("sweep",
                              "perch sweep --yes --max-deletes 20\n  perch sweep --github acme/shop --adopt "
                              "--region eu-central-1 --protect-stack 'acme-production' --yes");
    sweep.add_flag("--yes", a_.yes, "Delete without asking");
    sweep.add_option("--max-deletes", a_.max_deletes, "Allow this many deletions at once")
        ->check(CLI::Range(0, 1'000'000));
    AddSweepOnAws(sweep);
    CLI::App& hook =
        Command("hook", "printf '#!/bin/sh\\nexec perch -C /srv/shop hook\\n' > shop.git/hooks/post-receive");
    hook.footer(
        "Example:\n  printf '#!/bin/sh\\nexec perch -C /srv/shop hook\\n' > shop.git/hooks/post-receive\n"
        "Tells the running serve to look at the branches now. It carries no decision, so it is always safe to call.");
  }

  void AddSweepOnAws(CLI::App& sweep) {
    const std::string group = "On AWS, also without perch.yaml";
    CLI::Option* github = sweep.add_option("--github", a_.github, "The repository on GitHub whose branches count");
    github->type_name("OWNER/REPO")->group(group);
    sweep.add_option("--repository", a_.repository, "The same by git: a URL, or a bare repository on this machine")
        ->type_name("URL")
        ->excludes(github)
        ->group(group);
    sweep.add_option("--region", a_.region, "AWS's region (default: perch.yaml's, else as AWS's own tools find it)")
        ->type_name("REGION")
        ->group(group);
    sweep.add_option("--app", a_.app, "Whose environments, by perch's own tags (default: perch.yaml's `app`)")
        ->type_name("APP")
        ->group(group);
    sweep.add_flag("--adopt", a_.adopt, "Also delete stacks that perch did not make, by their tag --tag")->group(group);
    sweep.add_option("--tag", a_.tag, "With --adopt: the tag whose value is the branch's name")
        ->type_name("KEY")
        ->capture_default_str()
        ->group(group);
    sweep.add_option("--protect-stack", a_.protect_stacks, "Never delete these stacks; may be said again")
        ->type_name("GLOB")
        ->group(group);
    sweep
        .add_option("--protect-branch", a_.protect_branches, "Never delete stacks of these branches; may be said again")
        ->type_name("GLOB")
        ->group(group);
    sweep
        .add_option("--grace", a_.grace, "How long a branch must have been gone (default: 1h where marks can be kept)")
        ->type_name("TIME")
        ->group(group);
    sweep
        .add_option("--marks", a_.marks,
                    "Where it is kept since when branches are gone (default: in the app's versions bucket)")
        ->type_name("s3://BUCKET/KEY")
        ->group(group);
  }

  void AddConfig() {
    CLI::App& config = Command("config", "perch config explain feature/cart\n  perch config diff production branch");
    config.require_subcommand(1, 1);
    const auto inner = [&](const char* name, const char* about) {
      CLI::App* sub = config.add_subcommand(name, about);
      sub->fallthrough();
      return sub;
    };
    inner("check", "Read perch.yaml and report every error");
    inner("show", "The settings of a branch, resolved")->add_option("branch", a_.branch, "A branch")->required();
    inner("explain", "Every value with the line that set it")
        ->add_option("branch", a_.branch, "A branch or a profile")
        ->required();
    CLI::App* diff = inner("diff", "What differs between two profiles or branches");
    diff->add_option("a", a_.branch, "A profile or branch")->required();
    diff->add_option("b", a_.other, "Another")->required();
    inner("docs", "Every key of perch.yaml, explained");
  }

  void AddTemplate() {
    CLI::App& sub =
        Command("template", "perch template env --branch feature/cart\n  perch template app --profile production");
    sub.add_option("kind", a_.subcommand, "app: what environments share; env: one environment")
        ->required()
        ->check(CLI::IsMember({"app", "env"}))
        ->type_name("app|env");
    CLI::Option* branch =
        sub.add_option("--branch", a_.branch, "Of this branch, as it is in the repository")->type_name("BRANCH");
    sub.add_option("--profile", a_.profile, "Of this profile (default: `branch`; for app `staging`)")
        ->type_name("PROFILE")
        ->excludes(branch);
    sub.add_option("--format", a_.format, "How it is written")
        ->check(CLI::IsMember({"yaml", "json"}))
        ->capture_default_str();
    sub.add_option("--image", a_.image, "What a deployment would run, by digest (default: a sample)")
        ->type_name("IMAGE");
    sub.add_option("--platform-arn", a_.platform_arn, "Beanstalk's platform version (default: a sample)")
        ->type_name("ARN");
    sub.add_option("--snapshot", a_.snapshot, "What a database is restored from (default: a sample)")
        ->type_name("SNAPSHOT");
  }

  void AddCi() {
    CLI::App& sub = Command("ci", "perch ci github\n  perch ci circleci --image ghcr.io/acme/perch@sha256:... --write");
    sub.add_option("service", a_.subcommand, "Whose pipeline")
        ->required()
        ->check(CLI::IsMember({"circleci", "github", "gitlab"}))
        ->type_name("circleci|github|gitlab");
    sub.add_flag("--write", a_.write, "Write the files instead of printing them");
    sub.add_flag("--force", a_.force, "Replace files that are there and differ");
    sub.add_option("--image", a_.image, "perch's own container image, by digest (default: a variable of the service)")
        ->type_name("IMAGE");
  }

  Arguments& a_;
  bool version_ = false;  // answered by main before anything is loaded; here for the help
  CLI::App app_;
};

/// The first word that is no option, for "did you mean".
std::string FirstWord(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-C" || words[i] == "--config" || words[i] == "--platform") {
      ++i;
    } else if (!words[i].starts_with("-")) {
      return words[i];
    }
  }
  return "";
}

std::string UsageError(const std::vector<std::string>& words, const std::string& message) {
  std::vector<std::string> names;
  for (const CommandInfo& info : Commands()) names.push_back(info.name);
  const std::string word = FirstWord(words);
  if (!word.empty() && std::find(names.begin(), names.end(), word) == names.end()) {
    const std::string near = DidYouMean(word, names);
    return "perch: unknown command '" + Printable(word) + "'" + (near.empty() ? "" : "; " + near) +
           "\n  Run `perch --help` for the list.\n";
  }
  return "perch: " + Printable(message) + "\n  Run `perch" + (word.empty() ? "" : " " + word) +
         " --help` for what it takes.\n";
}

}  // namespace

const std::vector<CommandInfo>& Commands() {
  static const std::vector<CommandInfo> commands = {
      {"init", "Write a perch.yaml that fits this repository"},
      {"demo", "Show all of it with a sample repository"},
      {"serve", "Keep every branch running at its own link"},
      {"plan", "What would be done now, and why"},
      {"ls", "All branches with their state and link"},
      {"status", "One branch in detail, or perch itself"},
      {"logs", "The log of a branch"},
      {"open", "Open a branch, or the dashboard, in the browser"},
      {"up", "Deploy a branch again"},
      {"down", "Stop a branch; its data stay (on AWS: delete its environment until the next push)"},
      {"reset", "Give a branch a fresh database and empty files, seeded again"},
      {"exec", "Run a command in a branch's environment"},
      {"sweep", "Delete the environments whose branch is gone"},
      {"hook", "Tell the running serve to look now (for post-receive)"},
      {"config", "Check, show, explain and compare settings"},
      {"template", "Print the CloudFormation template of an environment"},
      {"bootstrap", "Make what environments on AWS share, once"},
      {"ci", "Print or write the pipeline of a CI service"},
      {"doctor", "Check this machine and the configuration"},
      {"completion", "Print the completion script for bash"},
  };
  return commands;
}

Parsed ParseArguments(int argc, const char* const* argv) {
  Arguments arguments;
  // What follows a lone -- belongs to `exec`'s command and must not be read as options.
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes != words.end()) {
    arguments.words.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }
  Reader reader(arguments);
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    reader.app().parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    std::string text;
    for (const CLI::App* sub : reader.app().get_subcommands()) {
      const auto inner = sub->get_subcommands();
      text = inner.empty() ? sub->help("perch") : inner.front()->help("perch " + sub->get_name());
    }
    return {.arguments = std::nullopt, .text = text.empty() ? reader.app().help() : text, .exit_code = 0};
  } catch (const CLI::ParseError& error) {
    return {.arguments = std::nullopt, .text = UsageError(words, error.what()), .exit_code = 2};
  }
  reader.TakeCommand();
  if (!arguments.words.empty() && arguments.command != "exec") {
    return {
        .arguments = std::nullopt, .text = UsageError(words, "only `exec` takes a command after --"), .exit_code = 2};
  }
  if (arguments.command == "exec" && arguments.words.empty()) {
    return {.arguments = std::nullopt,
            .text = UsageError(words, "which command? perch exec BRANCH -- COMMAND [ARGUMENTS]"),
            .exit_code = 2};
  }
  if (arguments.command.empty())
    return {.arguments = std::nullopt, .text = reader.app().help(), .exit_code = words.empty() ? 2 : 0};
  return {.arguments = arguments, .text = "", .exit_code = 0};
}

}  // namespace perch::cli
