import ParavaneCommands

Paravane.start()
