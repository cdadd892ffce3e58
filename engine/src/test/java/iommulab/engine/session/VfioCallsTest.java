package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.call.Value;
import iommulab.engine.os.iommufd.ObjectGraph;
import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.os.process.ProcessDescription.Buffer;
import iommulab.engine.os.vfio.VfioGraph;
import iommulab.engine.session.KernelLab.Device;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What holds after any calls on VFIO's groups, containers and device files, KVM's lists, mediated devices
/// and bonds with processes: valid ones, and ones with handles of the wrong kind or of what is gone.
class VfioCallsTest {
    private static final int CALLS = 500;
    private static final Pattern PLACE = Pattern.compile("<([a-z_]+)>");
    private static final List<String> CALLS_TO_MAKE =
            List.of(
                    "vfio.container_open(dma_entry_limit=4)",
                    "vfio.group_open(group=<number>)",
                    "vfio.group_open(group=<number>)",
                    "vfio.group_close(group_fd=<group>)",
                    "vfio.group_get_status(group_fd=<group>)",
                    "vfio.group_set_container(group_fd=<group>, container=<container>)",
                    "vfio.group_set_container(group_fd=<group>, container=<container>)",
                    "vfio.group_set_container(group_fd=<group>, container=<iommufd>)",
                    "vfio.group_unset_container(group_fd=<group>)",
                    "vfio.set_iommu(container=<container>, type=TYPE1v2)",
                    "vfio.set_iommu(container=<container>, type=TYPE1)",
                    "vfio.group_get_device_fd(group_fd=<group>, device=<dev>)",
                    "vfio.group_get_device_fd(group_fd=<group>, device=<dev>)",
                    "vfio.device_close(device_fd=<device>)",
                    "vfio.type1_map(container=<container>, iova=<iova>, vaddr=<memory>,"
                            + " size=<size>, flags=rw)",
                    "vfio.type1_map(container=<container>, iova=<iova>, vaddr=<memory>,"
                            + " size=<size>, flags=rw)",
                    "vfio.type1_map(container=<container>, iova=<iova>, vaddr=<memory>,"
                            + " size=<size>, flags=r)",
                    "vfio.type1_map(container=<iommufd>, iova=<iova>, vaddr=<memory>, size=<size>,"
                            + " flags=rw)",
                    "vfio.type1_unmap(container=<container>, iova=<iova>, size=<size>, flags=[])",
                    "vfio.type1_unmap(container=<iommufd>, iova=<iova>, size=<size>, flags=[])",
                    "vfio.type1_unmap(container=<container>, iova=0, size=0, flags=[all])",
                    "vfio.type1_dirty(container=<container>, flags=[start])",
                    "vfio.type1_dirty(container=<container>, flags=[get], iova=<iova>,"
                            + " size=<size>)",
                    "iommufd.open()",
                    "vfio.cdev_open(device=<dev>)",
                    "vfio.cdev_bind(cdev=<cdev>, iommufd=<iommufd>)",
                    "vfio.cdev_attach(cdev=<cdev>, pt_id=1)",
                    "vfio.cdev_detach(cdev=<cdev>)",
                    "vfio.cdev_close(cdev=<cdev>)",
                    "driver.bind(device=<dev>, driver=nvme)",
                    "driver.bind(device=<dev>, driver=vfio-pci)",
                    "driver.unbind(device=<dev>)",
                    "kvm.vm_create()",
                    "kvm.vfio_device_create(vm=<vm>)",
                    "kvm.set_attr(kvmdev=<kvmdev>, attr=ADD, fd=<any>)",
                    "kvm.set_attr(kvmdev=<kvmdev>, attr=ADD, fd=<any>)",
                    "kvm.set_attr(kvmdev=<kvmdev>, attr=DEL, fd=<any>)",
                    "kvm.device_close(kvmdev=<kvmdev>)",
                    "kvm.vcpu_load(vm=<vm>, pcpu=<number>)",
                    "kvm.guest_wbinvd(vm=<vm>)",
                    "mdev.create(parent=devD, name=md0)",
                    "mdev.remove(device=md0)",
                    "mdev.pin(device=md0, iova=<iova>, length=<size>)",
                    "mdev.pin(device=md0, iova=<iova>, length=<size>)",
                    "mdev.unpin(device=md0, pin=<number>)",
                    "mdev.dma_rw(device=md0, iova=<iova>, length=4, write=true)",
                    "sva.bind(device=<dev>, process=<process>)",
                    "sva.bind(device=devE, process=<process>)",
                    "sva.unbind(handle=<sva>)",
                    "sva.fork(process=<process>, child=<process>)",
                    "enqcmd.submit(process=<process>, thread=t0, device=<dev>)",
                    "enqcmd.authorize(process=<process>, pasid=<number>)",
                    "enqcmd.revoke(process=<process>, pasid=<number>)",
                    "enqcmd.vm_map(vm=<vm>, guest_pasid=<number>, host_pasid=<number>)",
                    "mem.munmap(range=<memory>, length=<size>)",
                    "dma.issue(device=<dev>, iova=<iova>, dir=read, length=4)");

    /// Without it few stories come as far as mappings.
    private static final List<String> BEGINNING =
            List.of(
                    "vfio.container_open(dma_entry_limit=4)",
                    "vfio.group_open(group=2)",
                    "vfio.group_set_container(group_fd=group1, container=container1)",
                    "vfio.set_iommu(container=container1, type=<type>)",
                    "vfio.type1_map(container=container1, iova=0x1000, vaddr=buf_p0, size=0x3000,"
                            + " flags=rw)",
                    "mdev.create(parent=devD, name=md0)",
                    "vfio.group_open(group=5)",
                    "vfio.group_set_container(group_fd=group2, container=container1)",
                    "vfio.group_get_device_fd(group_fd=group2, device=md0)",
                    "kvm.vm_create()",
                    "kvm.vfio_device_create(vm=vm1)");

    /// Calls as they come, with the machine after each that was taken.
    private static final class Story {
        final KernelLab lab;
        final Random random;
        final List<MachineCheckpoint> places = new ArrayList<>();
        final List<Long> hashes = new ArrayList<>();

        Story(Random random, boolean withExit) {
            this.random = random;
            lab =
                    KernelLab.of(
                            Architecture.VTD_SCALABLE,
                            List.of(process("p0"), process("p1")),
                            true,
                            List.of(
                                    List.of(Device.of("devA"), Device.of("devB").with("")),
                                    List.of(Device.of("devC").withoutSnooping()),
                                    List.of(Device.of("devD").with("i915")),
                                    List.of(Device.of("devE").with("idxd"))));
            remember();
            BEGINNING.forEach(this::make);
            for (int i = 0; i < CALLS; i++) {
                make(CALLS_TO_MAKE.get(random.nextInt(CALLS_TO_MAKE.size())));
            }
            if (withExit) {
                make("sva.process_exit(process=p1)");
            }
        }

        private static ProcessDescription process(String name) {
            return new ProcessDescription(
                    name,
                    Set.of(Capability.CAP_SYS_ADMIN),
                    OptionalLong.of(12),
                    List.of(
                            new Buffer("buf_" + name, 0x8000, true, false),
                            new Buffer("ro_" + name, 0x2000, false, false)));
        }

        private void remember() {
            places.add(lab.machine().checkpoint());
            hashes.add(lab.stateHash());
        }

        private void make(String template) {
            var text = PLACE.matcher(template).replaceAll(this::filled);
            try {
                lab.machine().apply(new Command.KernelCall(Call.parse(text)));
                remember();
            } catch (CommandRefused told) {
                assertThat(lab.stateHash())
                        .as("hash after the refused %s: %s", text, told.reason())
                        .isEqualTo(hashes.getLast());
                assertThat(told.reason()).as(text).isNotBlank();
            } catch (IllegalStateException | NullPointerException | ClassCastException defect) {
                throw new AssertionError(text, defect);
            }
        }

        private String filled(MatchResult place) {
            return Matcher.quoteReplacement(
                    switch (place.group(1)) {
                        case "type" -> one("TYPE1", "TYPE1v2");
                        case "number" -> one("1", "2", "3", "5");
                        case "dev" -> one("devA", "devA", "devB", "devC", "devD", "md0");
                        case "process" -> one("p0", "p1", "c0");
                        case "memory" -> one("buf_p0", "buf_p0+0x2000", "ro_p0", "0x10");
                        case "iova" -> Value.hex(0x1000L * random.nextInt(12)).toString();
                        case "size" -> one("0x1000", "0x3000", "0x4000", "0x800");
                        case "any" -> one("bad", handle("group"), handle("device"), handle("cdev"));
                        default -> handle(place.group(1));
                    });
        }

        private String one(String... words) {
            return words[random.nextInt(words.length)];
        }

        private String handle(String kind) {
            var open =
                    lab.kernel().files().all().stream()
                            .map(file -> file.handle())
                            .filter(handle -> handle.matches(kind + "[0-9]+"))
                            .toList();
            return open.isEmpty() || random.nextInt(12) == 0
                    ? kind + (1 + random.nextInt(3))
                    : open.get(random.nextInt(open.size()));
        }
    }

    @Property(tries = 12)
    void countsAreWhatTheyAreWhenCountedAnew(@ForAll long seed, @ForAll boolean withExit) {
        var story = new Story(new Random(seed), withExit);
        VfioGraph.mustAgree(story.lab.kernel());
        ObjectGraph.mustAgree(story.lab.kernel());
    }

    @Property(tries = 12)
    void closingEverythingLeavesNothing(@ForAll long seed) {
        var story = new Story(new Random(seed), false);
        ObjectGraph.mustEndWithNothing(story.lab.kernel());
        VfioGraph.mustAgree(story.lab.kernel());
    }

    @Property(tries = 6)
    void goingBackRestoresEveryEarlierHash(@ForAll long seed) {
        var random = new Random(seed);
        var story = new Story(random, true);
        for (int i = 0; i < 25; i++) {
            int place = random.nextInt(story.places.size());
            story.lab.machine().restore(story.places.get(place));
            assertThat(story.lab.stateHash())
                    .as("state hash after %d calls", place)
                    .isEqualTo(story.hashes.get(place));
            VfioGraph.mustAgree(story.lab.kernel());
        }
    }
}
