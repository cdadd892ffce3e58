package iommulab.engine.firmware;

import iommulab.engine.ImmutableValue;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// The raw ACPI tables of a captured machine, by signature (`DMAR`, `IVRS`, `IORT`, `VIOT`, `MCFG`).
@ImmutableValue
public final class AcpiTables {
    public static final AcpiTables NONE = new AcpiTables(Map.of());

    private final SortedMap<String, byte[]> bySignature = new TreeMap<>();

    /// @param bySignature raw tables, header included
    public AcpiTables(Map<String, byte[]> bySignature) {
        bySignature.forEach((signature, table) -> this.bySignature.put(signature, table.clone()));
    }

    /// A copy of one table's bytes, header included; empty if the capture does not have it.
    public Optional<byte[]> find(String signature) {
        return Optional.ofNullable(bySignature.get(signature)).map(byte[]::clone);
    }

    public SortedSet<String> signatures() {
        return new TreeSet<>(bySignature.keySet());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AcpiTables tables
                && bySignature.keySet().equals(tables.bySignature.keySet())
                && bySignature.keySet().stream()
                        .allMatch(signature ->
                                Arrays.equals(
                                        bySignature.get(signature),
                                        tables.bySignature.get(signature)));
    }

    @Override
    public int hashCode() {
        return bySignature.entrySet().stream()
                .mapToInt(entry -> entry.getKey().hashCode() ^ Arrays.hashCode(entry.getValue()))
                .sum();
    }

    @Override
    public String toString() {
        return String.join(" ", bySignature.keySet());
    }
}
