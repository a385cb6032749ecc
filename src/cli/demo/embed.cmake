# cmake -DOUT=file.cc -DNAME=Name -DROOT=folder -DFILES="a|b" -P embed.cmake
# Writes a C++ file that defines perch::demo::Name() with the content of the files below ROOT.
string(REPLACE "|" ";" files "${FILES}")
set(text "#include \"cli/demo/files.h\"\n\nnamespace perch::demo {\n\nstd::span<const EmbeddedFile> ${NAME}() {\n")
string(APPEND text "  static constexpr EmbeddedFile kFiles[] = {\n")
foreach(file IN LISTS files)
  file(READ "${ROOT}/${file}" content)
  string(APPEND text "      {\"${file}\", R\"perch-file(${content})perch-file\"},\n")
endforeach()
string(APPEND text "  };\n  return kFiles;\n}\n\n}  // namespace perch::demo\n")
file(WRITE "${OUT}" "${text}")
