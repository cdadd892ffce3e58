package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.GroupFacts.TypeChange;
import iommulab.engine.group.LinuxGroups;
import iommulab.engine.io.CapturedFacts;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.MachineCapture;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;
import iommulab.engine.pci.PciAddress;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Compares our groups with those of a real kernel. A capture is a folder with `about.json`,
/// `sysfs.tar.gz` and `groups.json`; it counts as one machine, which passes if the partition, the
/// functions without a group, every type and every reserved region agree.
///
/// The archive is the input. Two facts are in no archive: types written at run time are commands in
/// `settype.txt`; a port that a replaced SSDT marks as external facing is recognised by its effect
/// ([ExternalFacing]).
public final class GroupsOracle implements Oracle {
    private static final String ARCHIVE = "sysfs.tar.gz";
    private static final String GROUPS = "groups.json";
    private static final String ABOUT = "about.json";
    private static final String TYPE_COMMANDS = "settype.txt";

    /// Knows the capture folders of any kernel.
    public GroupsOracle() {}

    @Override
    public Optional<Verdict> verify(Path folder) {
        if (!Files.isRegularFile(folder.resolve(ARCHIVE))
                || !Files.isRegularFile(folder.resolve(GROUPS))) {
            return Optional.empty();
        }
        List<String> differences;
        try {
            differences = differences(folder);
        } catch (IOException unreadable) {
            differences = List.of("cannot be read: " + unreadable.getMessage());
        }
        String name = String.valueOf(folder.getFileName());
        return Optional.of(
                differences.isEmpty()
                        ? new Verdict(1, 0, 0, List.of())
                        : new Verdict(
                                0,
                                1,
                                0,
                                differences.stream().map(line -> name + ": " + line).toList()));
    }

    private static List<String> differences(Path folder) throws IOException {
        var capture = read(folder);
        var kernel = KernelAnswer.parse(json(folder.resolve(GROUPS)));
        var facts = CapturedFacts.of(capture).withTypeChanges(typeChanges(folder));
        if (replacesNameSpace(folder)) {
            facts = ExternalFacing.explain(facts, kernel);
        }
        return kernel.differencesTo(LinuxGroups.of(facts), capture.topology());
    }

    private static MachineCapture read(Path folder) throws IOException {
        try {
            return SysfsArchive.read(folder.resolve(ARCHIVE), Progress.NONE);
        } catch (FileRefused refused) {
            throw new IOException("%s: %s".formatted(folder, refused.getMessage()), refused);
        }
    }

    private static boolean replacesNameSpace(Path folder) throws IOException {
        var about = folder.resolve(ABOUT);
        return Files.isRegularFile(about)
                && json(about).has("acpi_upgrades")
                && json(about).get("acpi_upgrades").toString().contains("SSDT");
    }

    private static JsonObject json(Path file) throws IOException {
        try {
            return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException malformed) {
            throw new IOException("%s: %s".formatted(file, malformed.getMessage()), malformed);
        }
    }

    /// Lines `settype FUNCTION TYPE ok`; a write that the kernel refused changes nothing.
    private static List<TypeChange> typeChanges(Path folder) throws IOException {
        var file = folder.resolve(TYPE_COMMANDS);
        var changes = new ArrayList<TypeChange>();
        if (!Files.isRegularFile(file)) {
            return changes;
        }
        for (String line : Files.readAllLines(file)) {
            var words = line.strip().split("\\s+");
            if (words.length == 4 && words[0].equals("settype") && words[3].equals("ok")) {
                try {
                    changes.add(new TypeChange(PciAddress.parse(words[1]), type(words[2])));
                } catch (IllegalArgumentException malformed) {
                    throw new IOException(
                            "%s: '%s': %s".formatted(file, line, malformed.getMessage()),
                            malformed);
                }
            }
        }
        return changes;
    }

    private static DomainType type(String sysfs) {
        return Arrays.stream(DomainType.values())
                .filter(type -> type.sysfs().equals(sysfs))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no domain type " + sysfs));
    }
}
