/** Version of the messages: the first message of a worker names it. A change that breaks an older peer raises it. */
export const PROTOCOL_VERSION = 3

/** Version of the frame layout: the fifth byte of every frame. */
export const FRAME_VERSION = 2

/** The one socket.io event of the protocol; its single argument is a frame, its acknowledgement is a frame too. */
export const FRAME_EVENT = 'frame'
