internal import ArgumentParser

FuzzCommand.main()
