package iommulab.engine.io.oracle;

import java.io.ByteArrayOutputStream;
import java.util.List;

/// Writes the ACPI table that describes VT-d units of a small machine whose functions all sit on bus 0.
/// Source: VT-d specification, "DMA Remapping Reporting Structure".
final class DmarBytes {
    private static final int HOST_ADDRESS_BITS = 48;
    private static final int ENDPOINT = 1;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /// @param device and function number, 8 bits: device in 7:3
    record Scope(int devfn) {}

    private void write(long value, int width) {
        for (int i = 0; i < width; i++) {
            bytes.write((int) (value >>> 8 * i));
        }
    }

    /// One unit, and the functions that it translates.
    void unit(long registerBase, List<Scope> scopes) {
        write(0, 2);
        write(16 + 8L * scopes.size(), 2);
        write(0, 1);
        write(0, 1);
        write(0, 2);
        write(registerBase, 8);
        scopes.forEach(this::scope);
    }

    /// A region that firmware uses by DMA of a function.
    void reservedMemory(long start, long last, Scope scope) {
        write(1, 2);
        write(24 + 8, 2);
        write(0, 4);
        write(start, 8);
        write(last, 8);
        scope(scope);
    }

    private void scope(Scope scope) {
        write(ENDPOINT, 1);
        write(8, 1);
        write(0, 2);
        write(0, 1);
        write(0, 1);
        write(scope.devfn() >>> 3, 1);
        write(scope.devfn() & 7, 1);
    }

    /// Adds the structures of another table behind those of this one.
    void append(DmarBytes other) {
        bytes.writeBytes(other.bytes.toByteArray());
    }

    /// The whole table.
    byte[] build() {
        var structures = bytes.toByteArray();
        bytes.reset();
        "DMAR".chars().forEach(bytes::write);
        write(48L + structures.length, 4);
        write(1, 1);
        write(0, 1);
        "IOMMULSCENARIO".chars().forEach(bytes::write);
        write(1, 4);
        "LAB ".chars().forEach(bytes::write);
        write(1, 4);
        write(HOST_ADDRESS_BITS - 1, 1);
        write(0, 11);
        bytes.writeBytes(structures);
        var table = bytes.toByteArray();
        int sum = 0;
        for (byte b : table) {
            sum += b;
        }
        table[9] = (byte) -sum;
        return table;
    }
}
