namespace perch::aws { int MakeCalls(); int MakeCalls() { return 0; } }
