package iommulab.engine.firmware;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The ACPI tables of a machine that tell about IOMMUs; empty where it has none, or where nobody was
/// allowed to read it.
public record FirmwareTables(
        Optional<Dmar> dmar, Optional<Ivrs> ivrs, Optional<Iort> iort, Optional<Viot> viot) {

    /// A machine without any of them.
    public static final FirmwareTables NONE =
            new FirmwareTables(
                    Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /// Decodes the tables whose signatures are known.
    public static FirmwareTables read(AcpiTables raw) {
        return new FirmwareTables(
                raw.find("DMAR").map(Dmar::read),
                raw.find("IVRS").map(Ivrs::read),
                raw.find("IORT").map(Iort::read),
                raw.find("VIOT").map(Viot::read));
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
