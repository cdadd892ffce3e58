package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.os.process.ProcessDescription.Buffer;
import iommulab.engine.session.KernelLab.Device;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/// Calls of the whole vocabulary as they come, valid and invalid, with the machine after each that was taken.
final class CallStory {
    private static final int CALLS = 500;
    private static final List<String> BEGINNING =
            List.of(
                    "iommufd.open()",
                    "iommufd.ioas_alloc(iommufd=iommufd1)",
                    "vfio.cdev_open(device=devA)",
                    "vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)",
                    "vfio.cdev_open(device=devB)",
                    "vfio.cdev_bind(cdev=cdev2, iommufd=iommufd1)",
                    "iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=2, pt_id=1, flags=[nest_parent])",
                    "iommufd.viommu_alloc(iommufd=iommufd1, dev_id=2, hwpt_id=4, type=selftest)",
                    "iommufd.ioas_map(iommufd=iommufd1, ioas_id=1, user_va=buf, length=0x4000,"
                            + " flags=[fixed, read, write], iova=0x1000000)",
                    "iommufd.fault_alloc(iommufd=iommufd1)",
                    "vfio.group_open(group=3)",
                    "vfio.container_open()",
                    "vfio.group_set_container(group_fd=group1, container=container1)",
                    "vfio.set_iommu(container=container1, type=TYPE1v2)",
                    "vfio.type1_map(container=container1, iova=0x1000000, vaddr=buf, size=0x2000,"
                            + " flags=rw)");

    /// `shm` is the same memory in both.
    private static final List<ProcessDescription> PROCESSES =
            List.of(
                    new ProcessDescription(
                            "p0",
                            Set.of(Capability.values()),
                            OptionalLong.empty(),
                            List.of(
                                    new Buffer("buf", 0x10000, true, false),
                                    new Buffer("shm", 0x8000, true, true))),
                    new ProcessDescription(
                            "p1",
                            Set.of(Capability.CAP_SYS_ADMIN),
                            OptionalLong.of(12),
                            List.of(
                                    new Buffer("ro", 0x2000, false, false),
                                    new Buffer("shm", 0x8000, true, true))));

    final KernelLab lab;
    final List<MachineCheckpoint> places = new ArrayList<>();
    final List<Long> hashes = new ArrayList<>();
    /* Names of the actions that succeeded. */
    final Set<String> succeeded = new TreeSet<>();
    private final AnyCall any;
    private final CallRoutes routes;
    private final List<String> taken = new ArrayList<>();
    private int made;

    CallStory(Architecture architecture, Random random) {
        lab =
                KernelLab.of(
                        architecture,
                        PROCESSES,
                        true,
                        List.of(
                                List.of(Device.of("devA")),
                                List.of(Device.of("devB"), Device.of("devC")),
                                List.of(Device.of("devD")),
                                List.of(Device.of("devE").with("i915")),
                                List.of(Device.of("devF").with("idxd"))));
        any = new AnyCall(random, lab.kernel());
        routes = new CallRoutes(architecture, random, lab.kernel());
        remember();
        BEGINNING.forEach(call -> make(parsed(call)));
        while (made < CALLS) {
            var planned = routes.next();
            make(planned.isPresent() ? parsed(planned.get()) : any.next());
        }
    }

    private static Call parsed(String call) {
        try {
            return Call.parse(call);
        } catch (CommandRefused noCall) {
            throw new IllegalStateException(noCall);
        }
    }

    private void remember() {
        places.add(lab.machine().checkpoint());
        hashes.add(lab.stateHash());
    }

    private void make(Call call) {
        made++;
        try {
            var outcome = lab.machine().apply(new Command.KernelCall(call));
            if (outcome instanceof Outcome.Answered(var answer)) {
                any.learn(answer);
                routes.learn(answer);
                taken.add(call + " -> " + answer);
                if (answer.succeeded()) {
                    succeeded.add(call.name());
                }
                remember();
            }
        } catch (CommandRefused told) {
            assertThat(lab.stateHash())
                    .as("hash after the refused %s: %s", call, told.reason())
                    .isEqualTo(hashes.getLast());
            assertThat(told.reason()).as(call.toString()).isNotBlank();
        } catch (IllegalStateException | NullPointerException | ClassCastException defect) {
            throw new AssertionError("%s after %s".formatted(call, taken), defect);
        }
    }
}
