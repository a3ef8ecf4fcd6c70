// The entry point of paravane-ppc64le; everything else is Swift, in PortableCommand.

extern int paravane_portable_main(char **arguments);

int main(int count, char **arguments) {
    (void)count;
    return paravane_portable_main(arguments);
}
