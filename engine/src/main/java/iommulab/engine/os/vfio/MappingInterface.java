package iommulab.engine.os.vfio;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.iommufd.OldContainer;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.Process;

/// Who answers the calls on a container: VFIO's own backend, or an IOMMUFD in its place.
sealed interface MappingInterface {
    /// @return 1 if there is such an extension, 0 if not
    int extension(String name) throws CallFailed;

    void choose(String type) throws CallFailed;

    Answer info(InfoFrame frame) throws CallFailed;

    void map(Process process, long iova, long va, long bytes, Permissions permissions)
            throws CallFailed;

    long unmap(long iova, long bytes) throws CallFailed;

    long unmapAll() throws CallFailed;

    /// What keeps the log of writes.
    Type1 log() throws CallFailed;

    /// A container.
    record Native(Container container) implements MappingInterface {
        /// Without a backend every backend is asked, and none can tell of coherency.
        @Override
        public int extension(String name) {
            return switch (name) {
                case "TYPE1", "TYPE1v2", "UNMAP_ALL", "UPDATE_VADDR" -> 1;
                case "DMA_CC" ->
                        container
                                .backend()
                                .filter(backend -> backend.domains().forceSnooping())
                                .map(_ -> 1)
                                .orElse(0);
                default -> 0;
            };
        }

        /// What is an extension, but names no backend, is found and then refused.
        @Override
        public void choose(String type) throws CallFailed {
            container.requireReadyForBackend();
            switch (type) {
                case "TYPE1", "TYPE1v2" -> container.setBackend(type.equals("TYPE1v2"));
                case "UNMAP_ALL", "UPDATE_VADDR" ->
                        throw new CallFailed(
                                "EINVAL",
                                "%s is an extension of type1, no backend.".formatted(type));
                default ->
                        throw new CallFailed("ENODEV", "There is no backend '%s'.".formatted(type));
            }
        }

        @Override
        public Answer info(InfoFrame frame) throws CallFailed {
            return frame.ofContainer(container.requireBackend().domains().freeRanges().size());
        }

        @Override
        public void map(Process process, long iova, long va, long bytes, Permissions permissions)
                throws CallFailed {
            container.requireBackend().map(process, iova, va, bytes, permissions);
        }

        @Override
        public long unmap(long iova, long bytes) throws CallFailed {
            return container.requireBackend().unmap(iova, bytes);
        }

        @Override
        public long unmapAll() throws CallFailed {
            return container.requireBackend().unmapAll();
        }

        @Override
        public Type1 log() throws CallFailed {
            var backend = container.requireBackend();
            backend.requireLog();
            return backend;
        }
    }

    /// An IOMMUFD that stands for a container.
    record Emulated(OldContainer container, LockedPages locked) implements MappingInterface {
        @Override
        public int extension(String name) throws CallFailed {
            return switch (name) {
                case "TYPE1", "TYPE1v2", "UNMAP_ALL" -> 1;
                case "DMA_CC" -> container.forcesSnooping() ? 1 : 0;
                default -> 0;
            };
        }

        @Override
        public void choose(String type) throws CallFailed {
            if (!type.equals("TYPE1") && !type.equals("TYPE1v2")) {
                throw new CallFailed(
                        "EINVAL", "An IOMMUFD stands for type1 only, not '%s'.".formatted(type));
            }
            container.choose(type.equals("TYPE1v2"));
        }

        @Override
        public Answer info(InfoFrame frame) throws CallFailed {
            return frame.ofIommufd(container.freeRanges());
        }

        @Override
        public void map(Process process, long iova, long va, long bytes, Permissions permissions)
                throws CallFailed {
            container.map(locked, process, iova, va, bytes, permissions);
        }

        @Override
        public long unmap(long iova, long bytes) throws CallFailed {
            return container.unmap(iova, bytes);
        }

        @Override
        public long unmapAll() throws CallFailed {
            return container.unmapAll();
        }

        @Override
        public Type1 log() throws CallFailed {
            throw new CallFailed(
                    "ENOTTY", "An IOMMUFD keeps no log for the old interface: its own calls do.");
        }
    }
}
