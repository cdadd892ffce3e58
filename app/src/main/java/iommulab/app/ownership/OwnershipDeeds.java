package iommulab.app.ownership;

import iommulab.app.shell.KernelChoices;
import iommulab.app.shell.KernelDeed;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Group;
import iommulab.engine.os.SoftwareView.Member;
import iommulab.engine.os.SoftwareView.Node;

import java.util.ArrayList;
import java.util.List;

/// The calls that change who owns a group, in the order of a story: drivers, then a user's claim, then the
/// way back.
final class OwnershipDeeds {
    private static final List<String> TYPES = List.of("identity", "DMA", "DMA-FQ", "auto");
    private static final List<String> DRIVERS = List.of("vfio-pci", "pci-stub", "nvme", "ixgbe");

    private final SoftwareView software;
    private final KernelChoices choices;

    OwnershipDeeds(SoftwareView software) {
        this.software = software;
        choices = new KernelChoices(software);
    }

    List<KernelDeed> of(Group group) {
        var deeds = new ArrayList<KernelDeed>();
        for (var member : group.members()) {
            deeds.add(driver(member));
        }
        deeds.add(
                KernelDeed.of("Open the group's node", "vfio.group_open")
                        .with("group", group.id()));
        for (var member : group.members()) {
            if (member.driver().contains("vfio")) {
                deeds.add(
                        KernelDeed.of("Open the node of " + member.name(), "vfio.cdev_open")
                                .with("device", member.name()));
            }
        }
        filesOf(group).forEach(file -> deeds.addAll(claiming(file)));
        deeds.add(
                KernelDeed.of("Change the type of its default domain…", "driver.group_type")
                        .with("group", group.id())
                        .asking("type", TYPES));
        return deeds;
    }

    private static KernelDeed driver(Member member) {
        return member.driver().isEmpty()
                ? KernelDeed.of("Bind " + member.name() + "…", "driver.bind")
                        .with("device", member.name())
                        .asking("driver", DRIVERS)
                : KernelDeed.of(
                                "Unbind %s from %s".formatted(member.name(), member.driver()),
                                "driver.unbind")
                        .with("device", member.name());
    }

    /// Nodes of the group and of its members that are open.
    private List<Node> filesOf(Group group) {
        var id = Integer.toString(group.id());
        return software.nodes().stream()
                .filter(node ->
                        node.type().equals("VFIO group") && is(node, "group", id)
                                || node.type().equals("VFIO device")
                                        && group.members().stream()
                                                .anyMatch(m -> is(node, "function", m.name())))
                .toList();
    }

    private static boolean is(Node node, String fact, String value) {
        return node.fact(fact).filter(value::equals).isPresent();
    }

    private List<KernelDeed> claiming(Node file) {
        if (file.type().equals("VFIO group")) {
            var containers = new ArrayList<>(choices.ofType("VFIO container"));
            containers.addAll(choices.ofType("IOMMUFD"));
            return List.of(
                    KernelDeed.of("Claim it for a container…", "vfio.group_set_container")
                            .with("group_fd", file.key())
                            .asking("container", containers),
                    KernelDeed.of("Give the claim back", "vfio.group_unset_container")
                            .with("group_fd", file.key()),
                    KernelDeed.of("Close " + file.key(), "vfio.group_close")
                            .with("group_fd", file.key()));
        }
        if (!file.key().startsWith("cdev")) {
            return List.of();
        }
        var tables =
                software.nodes().stream()
                        .filter(n -> n.type().equals("IOAS") || n.type().startsWith("HWPT"))
                        .map(n -> Integer.toString(n.id()))
                        .distinct()
                        .toList();
        return List.of(
                KernelDeed.of("Claim it for an IOMMUFD…", "vfio.cdev_bind")
                        .with("cdev", file.key())
                        .asking("iommufd", choices.ofType("IOMMUFD")),
                KernelDeed.of("Attach a table…", "vfio.cdev_attach")
                        .with("cdev", file.key())
                        .asking("pt_id", tables),
                KernelDeed.of("Detach", "vfio.cdev_detach").with("cdev", file.key()),
                KernelDeed.of("Close " + file.key(), "vfio.cdev_close").with("cdev", file.key()));
    }
}
