#include "config/detect.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "base/file.h"
#include "config/project.h"
#include "config/resolve.h"

namespace perch::config {
namespace {

class DetectTest : public testing::Test {
 protected:
  DetectTest() {
    char name[] = "/tmp/perch-detect-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~DetectTest() override { EXPECT_TRUE(RemoveTree(root_)); }

  /// A folder of these files.
  std::filesystem::path Folder(const std::map<std::string, std::string>& files) {
    const std::filesystem::path folder = root_ / std::to_string(++count_) / "My Shop";
    EXPECT_TRUE(MakeFolders(folder));
    for (const auto& [name, text] : files) {
      EXPECT_TRUE(MakeFolders((folder / name).parent_path()));
      EXPECT_TRUE(WriteFileAtomically(folder / name, text));
    }
    return folder;
  }

  /// What is detected, after it proved to be a good perch.yaml.
  Settings Good(const std::map<std::string, std::string>& files, const std::string& found) {
    const std::optional<Detected> detected = Detect(Folder(files));
    EXPECT_TRUE(detected) << found;
    if (!detected) return {};
    EXPECT_EQ(detected->found, found);
    const Result<Project> project = Parse(detected->yaml, "perch.yaml");
    EXPECT_TRUE(project) << project.error().Text() << "\n" << detected->yaml;
    if (!project) return {};
    EXPECT_EQ(project->app, "my-shop");
    EXPECT_EQ(project->warnings, std::vector<std::string>()) << detected->yaml;
    Result<Settings> settings = Resolve(*project, "x", std::nullopt, {});
    EXPECT_TRUE(settings) << settings.error().Text();
    return settings ? *std::move(settings) : Settings{};
  }

  std::filesystem::path root_;
  int count_ = 0;
};

TEST_F(DetectTest, ADockerfile) {
  const Settings settings =
      Good({{"Dockerfile", "FROM debian\nEXPOSE 8000/tcp\n"}, {"manage.py", "DJANGO_SETTINGS_MODULE"}},
           "This folder has a Dockerfile.");
  EXPECT_EQ(settings.dockerfile, "Dockerfile");
  EXPECT_EQ(CanonicalJson(*settings.values.Find("run")->Find("port")), "8000");
  Good({{"Dockerfile", "FROM debian\n"}}, "This folder has a Dockerfile.");
}

TEST_F(DetectTest, AProcfile) {
  const Settings settings =
      Good({{"Procfile", "web: bundle exec puma -p $PORT # web\nrelease: rake db:migrate\nworker: x\n"}},
           "This folder has a Procfile.");
  EXPECT_EQ(settings.run.text, "bundle exec puma -p $PORT # web");
  EXPECT_EQ(settings.release.text, "rake db:migrate");
}

TEST_F(DetectTest, ADjangoProject) {
  const std::string manage = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n";
  const Settings plain = Good({{"manage.py", manage}, {"shop/wsgi.py", ""}}, "This is a Django project (manage.py).");
  EXPECT_EQ(plain.run.text, "python3 manage.py runserver --noreload \"$HOST:$PORT\"");
  EXPECT_EQ(plain.release.text, "python3 manage.py migrate --noinput");
  EXPECT_EQ(plain.test.text, "python3 manage.py test");
  EXPECT_TRUE(plain.build.empty());
  const Settings gunicorn =
      Good({{"manage.py", manage}, {"shop/wsgi.py", ""}, {"requirements.txt", "Django\nGunicorn==20\n"}},
           "This is a Django project (manage.py).");
  EXPECT_EQ(gunicorn.run.text, ".venv/bin/python -m gunicorn shop.wsgi --bind \"$HOST:$PORT\"");
  EXPECT_EQ(gunicorn.build.text, "python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt");
}

TEST_F(DetectTest, ANodeProjectByItsScripts) {
  const char found[] = "This is a Node project (package.json).";
  const Settings full = Good({{"package.json",
                               "{\n\t\"scripts\": {\"start\": \"node .\", \"build\": \"tsc\", \"test\": \"vitest\"},\n"
                               "\t\"dependencies\": {\"x\": \"1\"}\n}\n"},
                              {"package-lock.json", "{}"}},
                             found);
  EXPECT_EQ(full.build.text, "npm ci && npm run build");
  EXPECT_EQ(full.test.text, "npm test");
  EXPECT_EQ(full.run.text, "npm start");
  const Settings small = Good(
      {{"package.json", R"({"main": "index.js", "scripts": {"test": "echo \"Error: no test specified\" && exit 1"}})"},
       {"index.js", ""}},
      found);
  EXPECT_TRUE(small.build.empty());
  EXPECT_TRUE(small.test.empty());
  EXPECT_EQ(small.run.text, "node index.js");
}

TEST_F(DetectTest, PythonGoAndPages) {
  EXPECT_EQ(Good({{"app.py", ""}}, "This is a Python program (app.py).").run.text, "python3 app.py");
  const Settings go = Good({{"go.mod", "module x"}, {"main.go", ""}}, "This is a Go program (go.mod).");
  EXPECT_EQ(go.build.text, "go build -o app .");
  EXPECT_EQ(go.run.text, "./app");
  EXPECT_EQ(Good({{"index.html", ""}}, "This folder has static pages (index.html).").run.text,
            "exec python3 -m http.server --bind \"$HOST\" \"$PORT\"");
  EXPECT_EQ(Good({{"public/index.html", ""}}, "This folder has static pages (public/index.html).").run.text,
            "exec python3 -m http.server --bind \"$HOST\" --directory public \"$PORT\"");
}

TEST_F(DetectTest, WhatItWritesForPages) {
  EXPECT_EQ(Detect(Folder({{"index.html", ""}}))->yaml,
            "# How perch gives each branch of this repository a place of its own. `perch config docs` explains every "
            "key.\n"
            "app: my-shop\n"
            "\n"
            "# Starts the app. It must listen on $HOST and $PORT.\n"
            "run:\n"
            "  command: exec python3 -m http.server --bind \"$HOST\" \"$PORT\"\n");
}

TEST_F(DetectTest, NothingSaysHowToRunIt) {
  EXPECT_FALSE(Detect(Folder({})));
  EXPECT_FALSE(Detect(Folder({{"README.md", "hello"}})));
  EXPECT_FALSE(Detect(Folder({{"package.json", "{ not json"}})));
  EXPECT_FALSE(Detect(Folder({{"package.json", "{\"name\": \"library\"}"}})));
  EXPECT_FALSE(Detect(Folder({{"package.json", R"({"main": "x; rm -rf ~"})"}, {"x; rm -rf ~", ""}})));
  EXPECT_FALSE(Detect(Folder({{"Procfile",
                               "worker: x\nweb: a\x01"
                               "b\n"}})));
  EXPECT_FALSE(Detect(root_ / "nowhere"));
}

TEST_F(DetectTest, SymbolicLinksAreNotFollowed) {
  const std::filesystem::path folder = Folder({});
  ASSERT_EQ(symlink("/etc/passwd", (folder / "index.html").c_str()), 0);
  EXPECT_FALSE(Detect(folder));
}

TEST_F(DetectTest, ACommandThatAPersonGaveIsKeptAsItIs) {
  for (const char* command : {"./serve", "a: b # c", "echo \"x\" 'y' \\ \t ü", "- dash", "true"}) {
    const Result<Project> project = Parse(ConfigFor(Folder({}), command), "perch.yaml");
    ASSERT_TRUE(project) << project.error().Text();
    const Result<Settings> settings = Resolve(*project, "x", std::nullopt, {});
    ASSERT_TRUE(settings) << settings.error().Text();
    EXPECT_EQ(settings->run.text, command);
  }
}

TEST_F(DetectTest, AnyFoldersNameBecomesAnAppsName) {
  for (const char* name : {"2024", "true", "...", "ü", "-x-", "a b"}) {
    const std::filesystem::path folder = root_ / name;
    ASSERT_TRUE(MakeFolders(folder));
    const Result<Project> project = Parse(ConfigFor(folder, "x"), "perch.yaml");
    EXPECT_TRUE(project) << name << ": " << project.error().Text();
  }
}

}  // namespace
}  // namespace perch::config
