#include "config/detect.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "config/yaml.h"
#include "config/yaml_print.h"

namespace perch::config {
namespace {

namespace fs = std::filesystem;

/// The parts of a perch.yaml that is about to be written. Empty commands are left out.
struct Draft {
  std::string found;
  std::string build, test, release, run;
  std::string dockerfile;
  std::string port;
  std::vector<std::string> notes;  ///< sentences for the file's head
};

bool HasFile(const fs::path& path) {
  struct stat info{};
  return lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::string ReadIfFile(const fs::path& path) {
  if (!HasFile(path)) return "";
  const Result<std::string> text = ReadFile(path, 1 << 20);
  return text ? *text : "";
}

/// The folder's name as an app's name.
std::string AppName(const fs::path& folder) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(folder, ignored), ignored);
  std::string name;
  for (const char c : ToLower(whole.filename().string())) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 0x80;
    if (fits) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name.resize(std::min<std::size_t>(name.size(), 40));
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "app" : name;
}

std::string Scalar(const std::string& text) { return PrintInline({.data = text}); }

std::string Write(const fs::path& folder, const Draft& draft) {
  std::string yaml =
      "# How perch gives each branch of this repository a place of its own. `perch config docs` explains every key.\n"
      "app: " +
      Scalar(AppName(folder)) + "\n";
  const auto section = [&](const char* comment, const char* key, const std::string& command) {
    if (!command.empty())
      yaml += std::string("\n# ") + comment + "\n" + key + ":\n  command: " + Scalar(command) + "\n";
  };
  section("Makes the code ready to run.", "build", draft.build);
  if (!draft.dockerfile.empty())
    yaml += "\n# Each commit becomes a container image.\nbuild:\n  dockerfile: " + Scalar(draft.dockerfile) + "\n";
  section("Must succeed before a commit is shown.", "test", draft.test);
  section("Runs before each new release, on the branch's own database.", "release", draft.release);
  section("Starts the app. It must listen on $HOST and $PORT.", "run", draft.run);
  if (!draft.port.empty()) yaml += "\n# Where the app in the container listens.\nrun:\n  port: " + draft.port + "\n";
  for (const std::string& note : draft.notes) yaml += "\n# " + note + "\n";
  return yaml;
}

std::optional<Draft> FromDockerfile(const fs::path& folder) {
  const std::string text = ReadIfFile(folder / "Dockerfile");
  if (text.empty()) return std::nullopt;
  Draft draft{.found = "This folder has a Dockerfile.", .dockerfile = "Dockerfile"};
  for (const std::string& line : Lines(text)) {
    const std::string_view words = Trim(line);
    if (words.size() < 8 || !EqualsIgnoreCase(words.substr(0, 7), "EXPOSE ")) continue;
    const std::string_view port = Trim(words.substr(7));
    const std::optional<std::uint64_t> number = ParseNumber(port.substr(0, port.find_first_of("/ \t")));
    if (number && *number > 0 && *number < 65536) draft.port = std::to_string(*number);
  }
  if (draft.port.empty())
    draft.notes.push_back("The app in the container must listen on $PORT, or say where: run: {port: 8000}");
  return draft;
}

std::string PythonInstall(const fs::path& folder) {
  if (!HasFile(folder / "requirements.txt")) return "";
  return "python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt";
}

std::optional<Draft> FromProcfile(const fs::path& folder) {
  Draft draft{.found = "This folder has a Procfile."};
  for (const std::string& line : Lines(ReadIfFile(folder / "Procfile"))) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || Printable(line) != line) continue;
    const std::string_view name = Trim(std::string_view(line).substr(0, colon));
    const std::string command(Trim(std::string_view(line).substr(colon + 1)));
    if (name == "web") draft.run = command;
    if (name == "release") draft.release = command;
  }
  if (draft.run.empty()) return std::nullopt;
  if (HasFile(folder / "package.json")) {
    draft.build = HasFile(folder / "package-lock.json") ? "npm ci" : "npm install";
  } else if (draft.build = PythonInstall(folder); !draft.build.empty()) {
    draft.run = ". .venv/bin/activate && " + draft.run;
    if (!draft.release.empty()) draft.release = ". .venv/bin/activate && " + draft.release;
  }
  return draft;
}

/// The package that holds wsgi.py beside manage.py; "" when there is none or more than one.
std::string WsgiPackage(const fs::path& folder) {
  std::vector<std::string> packages;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool word = std::all_of(name.begin(), name.end(),
                                  [](unsigned char c) { return c < 0x80 && (std::isalnum(c) || c == '_'); });
    if (word && HasFile(entry->path() / "wsgi.py")) packages.push_back(name);
  }
  return packages.size() == 1 ? packages[0] : "";
}

std::optional<Draft> FromDjango(const fs::path& folder) {
  const std::string manage = ReadIfFile(folder / "manage.py");
  if (manage.find("DJANGO_SETTINGS_MODULE") == std::string::npos) return std::nullopt;
  const std::string requirements = ToLower(ReadIfFile(folder / "requirements.txt"));
  const std::string package = WsgiPackage(folder);
  Draft draft{.found = "This is a Django project (manage.py)."};
  draft.build = PythonInstall(folder);
  const std::string bin = draft.build.empty() ? "" : ".venv/bin/";
  const std::string python = bin + (bin.empty() ? "python3" : "python");
  draft.test = python + " manage.py test";
  draft.release = python + " manage.py migrate --noinput";
  draft.run = requirements.find("gunicorn") != std::string::npos && !package.empty()
                  ? python + " -m gunicorn " + package + ".wsgi --bind \"$HOST:$PORT\""
                  : python + " manage.py runserver --noreload \"$HOST:$PORT\"";
  draft.notes.push_back(
      "Each branch has its own database: let settings.py read DATABASE_URL, for example\n"
      "#   DATABASES = {\"default\": {\"ENGINE\": \"django.db.backends.sqlite3\",\n"
      "#                \"NAME\": os.environ.get(\"DATABASE_URL\", "
      "\"sqlite:///db.sqlite3\").removeprefix(\"sqlite:///\")}}\n"
      "# and allow the branch's host name: ALLOWED_HOSTS = [\".localhost\"]");
  return draft;
}

std::optional<Draft> FromPackageJson(const fs::path& folder) {
  const std::string text = ReadIfFile(folder / "package.json");
  Diagnostics ignored("package.json", text);
  // JSON is YAML, but for tabs in indentation.
  std::string spaced = text;
  std::replace(spaced.begin(), spaced.end(), '\t', ' ');
  const std::optional<Node> package = text.empty() ? std::nullopt : ParseYaml(spaced, ignored);
  if (!package) return std::nullopt;
  const Node* scripts = package->Find("scripts");
  const auto has = [&](const char* name) {
    const Node* script = scripts ? scripts->Find(name) : nullptr;
    return script && script->kind == Node::Kind::kScalar && !script->text.empty();
  };
  Draft draft{.found = "This is a Node project (package.json)."};
  const Node* main = package->Find("main");
  const std::string main_file = main && main->kind == Node::Kind::kScalar ? main->text : "server.js";
  if (has("start")) {
    draft.run = "npm start";
  } else if (!main_file.empty() && main_file[0] != '-' && IsUtf8(main_file) && HasFile(folder / main_file)) {
    draft.run = "node " + main_file;
    if (main_file.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") !=
        std::string::npos) {
      return std::nullopt;
    }
  } else {
    return std::nullopt;
  }
  const bool needs_install = package->Find("dependencies") || package->Find("devDependencies");
  if (needs_install) draft.build = HasFile(folder / "package-lock.json") ? "npm ci" : "npm install";
  if (has("build")) draft.build += (draft.build.empty() ? "" : " && ") + std::string("npm run build");
  if (has("test") && scripts->Find("test")->text.find("no test specified") == std::string::npos)
    draft.test = "npm test";
  draft.notes.push_back("The app finds its port in process.env.PORT and its address in process.env.HOST.");
  return draft;
}

std::optional<Draft> FromPython(const fs::path& folder) {
  Draft draft{.found = "This is a Python program ("};
  for (const char* name : {"app.py", "main.py", "server.py"}) {
    if (!HasFile(folder / name)) continue;
    draft.build = PythonInstall(folder);
    draft.run = (draft.build.empty() ? "python3 " : ".venv/bin/python ") + std::string(name);
    draft.found += std::string(name) + ").";
    draft.notes.push_back("The app finds its port in os.environ[\"PORT\"] and its address in os.environ[\"HOST\"].");
    return draft;
  }
  return std::nullopt;
}

std::optional<Draft> FromGo(const fs::path& folder) {
  if (!HasFile(folder / "go.mod") || !HasFile(folder / "main.go")) return std::nullopt;
  return Draft{.found = "This is a Go program (go.mod).",
               .build = "go build -o app .",
               .test = "go test ./...",
               .run = "./app",
               .notes = {"The app finds its port in os.Getenv(\"PORT\") and its address in os.Getenv(\"HOST\")."}};
}

std::optional<Draft> FromPages(const fs::path& folder) {
  for (const char* inner : {"", "public", "site", "dist"}) {
    if (!HasFile(folder / inner / "index.html")) continue;
    const std::string where = *inner ? " --directory " + std::string(inner) : "";
    return Draft{.found = "This folder has static pages (" + (fs::path(inner) / "index.html").string() + ").",
                 .run = "exec python3 -m http.server --bind \"$HOST\"" + where + " \"$PORT\""};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Detected> Detect(const fs::path& folder) {
  using Look = std::optional<Draft> (*)(const fs::path&);
  constexpr Look kLooks[] = {FromDockerfile, FromProcfile, FromDjango, FromPackageJson, FromPython, FromGo, FromPages};
  for (const Look look : kLooks) {
    if (const std::optional<Draft> draft = look(folder)) return Detected{draft->found, Write(folder, *draft)};
  }
  return std::nullopt;
}

std::string ConfigFor(const fs::path& folder, const std::string& run_command) {
  return Write(folder, {.run = run_command});
}

}  // namespace perch::config
