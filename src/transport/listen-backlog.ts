/** Connections that the kernel queues for a listener while we are busy; its own limit is net.core.somaxconn. */
export const LISTEN_BACKLOG = 4096;
