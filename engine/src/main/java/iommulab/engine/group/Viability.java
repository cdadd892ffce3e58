package iommulab.engine.group;

import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Whether a group can be handed to a user (a virtual machine): no member's driver may use the DMA API.
/// Source: `iommu_device_use_default_domain` in `drivers/iommu/iommu.c` and the drivers that set
/// `driver_managed_dma`.
///
/// @param viable whether it can
/// @param members one line each, in the group's order
public record Viability(boolean viable, List<Member> members) {
    /// Drivers that leave the ownership of DMA to the user.
    private static final Set<String> FOR_USERS =
            Set.of("vfio-pci", "mlx5_vfio_pci", "hisi_acc_vfio_pci", "nvgrace_gpu_vfio_pci");

    /// Drivers that do no DMA of their own.
    private static final Set<String> WITHOUT_DMA = Set.of("pci-stub", "pcieport");

    public Viability {
        members = List.copyOf(members);
    }

    /// Whether a driver hands its functions to users: `vfio-pci` and those made from it.
    public static boolean isForUsers(String driver) {
        return FOR_USERS.contains(driver);
    }

    /// Whether a driver claims nothing when it is bound. Source: kernel `driver_managed_dma`.
    public static boolean managesDma(String driver) {
        return isForUsers(driver) || WITHOUT_DMA.contains(driver);
    }

    /// @param driver the driver bound, if any
    /// @param reason one clause, such as `nvidia uses DMA: unbind it`
    public record Member(
            PciAddress function, Optional<String> driver, Standing standing, String reason) {}

    /// What a member means for the group.
    public enum Standing {
        /// It is already a user's.
        FOR_USER,
        /// It does not matter.
        EXEMPT,
        /// Its driver uses the DMA API.
        IN_THE_WAY
    }

    /// Looks at every member of a group.
    public static Viability of(Group group, PciTopology topology) {
        var members =
                group.members().stream()
                        .flatMap(address -> topology.find(address).stream())
                        .map(Viability::judge)
                        .toList();
        return new Viability(
                members.stream().noneMatch(m -> m.standing() == Standing.IN_THE_WAY), members);
    }

    private static Member judge(PciFunction function) {
        if (function.driver().isEmpty()) {
            return member(function, Standing.EXEMPT, "no driver is bound");
        }
        String driver = function.driver().get();
        if (FOR_USERS.contains(driver)) {
            return member(function, Standing.FOR_USER, driver + " hands it to a user");
        }
        if (WITHOUT_DMA.contains(driver)) {
            return member(
                    function,
                    Standing.EXEMPT,
                    Header.isBridge(function.config())
                            ? driver + " does no DMA: a bridge does not matter"
                            : driver + " does no DMA");
        }
        return member(
                function, Standing.IN_THE_WAY, driver + " uses DMA: unbind it or bind vfio-pci");
    }

    private static Member member(PciFunction function, Standing standing, String reason) {
        return new Member(function.address(), function.driver(), standing, reason);
    }
}
