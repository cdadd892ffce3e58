package iommulab.engine.firmware;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The ACPI tables of a machine that tell about IOMMUs; empty where it has none, or where nobody was
/// allowed to read it.
public record FirmwareTables(
        Optional<Dmar> dmar, Optional<Ivrs> ivrs, Optional<Iort> iort, Optional<Viot> viot) {

    /// A machine without any of them.
    public static final FirmwareTables NONE =
            new FirmwareTables(
                    Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /// Reads the tables whose signatures are known.
    ///
    /// @param raw bytes by signature, such as `DMAR`; an empty array stands for a table that could not
    ///     be read
    public static FirmwareTables read(Map<String, byte[]> raw) {
        return new FirmwareTables(
                bytes(raw, "DMAR").map(Dmar::read),
                bytes(raw, "IVRS").map(Ivrs::read),
                bytes(raw, "IORT").map(Iort::read),
                bytes(raw, "VIOT").map(Viot::read));
    }

    private static Optional<byte[]> bytes(Map<String, byte[]> raw, String signature) {
        return Optional.ofNullable(raw.get(signature)).filter(table -> table.length > 0);
    }

    /// What is wrong with any of them, one sentence each.
    public List<String> problems() {
        var problems = new ArrayList<String>();
        dmar.ifPresent(table -> problems.addAll(table.problems()));
        ivrs.ifPresent(table -> problems.addAll(table.problems()));
        iort.ifPresent(table -> problems.addAll(table.problems()));
        viot.ifPresent(table -> problems.addAll(table.problems()));
        return problems;
    }
}
