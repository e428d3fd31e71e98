// Entry point of the weir program.
int main() {
    return 0;
}
