package iommulab.engine.io;

import iommulab.engine.group.Group.ReservedRegion;
import iommulab.engine.pci.PciAddress;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The IOMMU groups and units of a sysfs archive: what this kernel said.
final class SysfsIommus {
    private static final String GROUPS = "sys/kernel/iommu_groups/";
    private static final String UNITS = "sys/class/iommu/";

    private SysfsIommus() {}

    /// By number. Members that are no PCI functions are left out.
    static List<KernelGroup> groups(ArchiveTree tree, List<String> remarks) {
        var members = new TreeMap<Integer, List<PciAddress>>();
        tree.filesUnder(GROUPS)
                .keySet()
                .forEach(path ->
                        number(path).ifPresent(id -> members.putIfAbsent(id, new ArrayList<>())));
        tree.linksUnder(GROUPS)
                .keySet()
                .forEach(path -> {
                    var id = number(path);
                    var member = SysfsPath.address(path.substring(path.lastIndexOf('/') + 1));
                    if (id.isPresent() && member.isPresent()) {
                        members.computeIfAbsent(id.get(), _ -> new ArrayList<>()).add(member.get());
                    }
                });
        return members.entrySet().stream()
                .map(group -> group(tree, group.getKey(), group.getValue(), remarks))
                .toList();
    }

    private static KernelGroup group(
            ArchiveTree tree, int id, List<PciAddress> members, List<String> remarks) {
        String folder = GROUPS + id;
        return new KernelGroup(
                id,
                tree.line(folder + "/type").orElse(""),
                members.stream().sorted().toList(),
                reserved(tree, folder + "/reserved_regions", remarks));
    }

    private static Optional<Integer> number(String path) {
        int end = path.indexOf('/', GROUPS.length());
        String text = end < 0 ? "" : path.substring(GROUPS.length(), end);
        return text.matches("[0-9]{1,8}") ? Optional.of(Integer.parseInt(text)) : Optional.empty();
    }

    /// Lines `start end kind`.
    private static List<ReservedRegion> reserved(
            ArchiveTree tree, String path, List<String> remarks) {
        var text = new String(tree.file(path).orElse(new byte[0]), StandardCharsets.UTF_8);
        var regions = new ArrayList<ReservedRegion>();
        for (String line : text.lines().filter(l -> !l.isBlank()).toList()) {
            try {
                var words = line.strip().split(" ");
                regions.add(new ReservedRegion(hex(words[0]), hex(words[1]), words[2]));
            } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
                remarks.add("ignored in %s: '%s' is not start end kind".formatted(path, line));
            }
        }
        return regions;
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text, text.startsWith("0x") ? 2 : 0, text.length(), 16);
    }

    /// By name.
    static List<KernelUnit> units(ArchiveTree tree) {
        return tree.linksUnder(UNITS).entrySet().stream()
                .map(link -> unit(tree, link.getKey(), link.getValue()))
                .toList();
    }

    private static KernelUnit unit(ArchiveTree tree, String link, String target) {
        String folder = SysfsPath.resolve(UNITS, target) + "/";
        var attributes = new HashMap<String, String>();
        tree.filesUnder(folder)
                .forEach((path, _) ->
                        tree.line(path).ifPresent(text -> attributes.put(lastOf(path), text)));
        var devices =
                tree.linksUnder(folder + "devices/").keySet().stream()
                        .flatMap(path -> SysfsPath.address(lastOf(path)).stream())
                        .sorted()
                        .toList();
        return new KernelUnit(lastOf(link), functionOf(folder), Map.copyOf(attributes), devices);
    }

    /// The deepest PCI function that a unit's folder lies in.
    private static Optional<PciAddress> functionOf(String folder) {
        int end = folder.indexOf("/iommu/");
        return end < 0
                ? Optional.empty()
                : Arrays.stream(folder.substring(0, end).split("/"))
                        .flatMap(component -> SysfsPath.address(component).stream())
                        .reduce((_, deeper) -> deeper);
    }

    private static String lastOf(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
