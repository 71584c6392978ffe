import './strict-csp.ts'
import './styles/theme.css'
import './styles/layout.css'
import './styles/parts.css'
import './styles/run.css'
import './styles/tables.css'
import 'uplot/dist/uPlot.min.css'
import './styles/chart.css'
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createAccess } from './access.ts'
import { createApi } from './api.ts'
import { App } from './app.tsx'
import { openFeed } from './live/feed.ts'
import { createSession } from './live/session.ts'

const access = createAccess(window)
const api = createApi({ fetch: window.fetch.bind(window), token: access.token })
const session = createSession(api, (listener) => openFeed(listener, access.token))

const root = document.getElementById('page')
if (root) createRoot(root).render(createElement(StrictMode, null, createElement(App, { api, session, access })))
