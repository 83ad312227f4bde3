"""Running searches: sessions, requests, interventions, replay and the scheduler. Knows nothing about models or pages."""
