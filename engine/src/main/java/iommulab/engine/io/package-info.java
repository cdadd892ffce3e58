/// Reading machines from files: archives of a Linux system's `/sys` and `/proc`, dumps by `lspci`.
package iommulab.engine.io;
