import UnicornCommand

UnicornCommand.start()
